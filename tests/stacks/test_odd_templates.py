"""Whatever stands in a template in the wrong place ends as a sentence, never as a fault of ours."""

import copy
from contextlib import suppress
from itertools import islice

import pytest
from tests.templates import everything

from lido import errors
from lido.stacks import TemplateError, applying, planning, templates
from lido.stacks.door import Door
from lido.stacks.looking import Stack

GROUP_NAME = [
    {"Fn::Sub": ["${Stage}${a}", {"a": "b"}]},
    {"Fn::FindInMap": ["Sizes", "test", "length"]},
    {"Fn::If": ["IsTest", "1", {"Ref": "AWS::NoValue"}]},
    {"Fn::Select": [0, {"Fn::Split": ["|", "a|b"]}]},
]
TEMPLATE = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "test", "AllowedValues": ["test"]},
        "Number": {"Type": "Number", "Default": 1, "MinValue": 0},
    },
    "Conditions": {"IsTest": {"Fn::Equals": [{"Ref": "Stage"}, "test"]}, "No": {"Fn::Not": [{"Condition": "IsTest"}]}},
    "Mappings": {"Sizes": {"test": {"length": 8}}},
    "Resources": {
        **everything(),
        "Staff": {
            "Type": "AWS::Cognito::UserPoolGroup",
            "Condition": "IsTest",
            "DependsOn": ["People"],
            "Metadata": {"Lido": {"PhysicalId": 'us-east-1_aaaaaaaaa|["x"]'}},
            "Properties": {"UserPoolId": {"Ref": "People"}, "GroupName": {"Fn::Join": ["-", GROUP_NAME]}},
        },
    },
    "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["People", "Arn"]}, "Condition": "IsTest"}},
}
ODD = [
    *(None, 5, -1, 1.5, True, "", "x" * 300, "\0", "\ud800", 10**30, "${", "{{resolve:x}}"),
    *([], {}, ["a"], [[]], {1: 2}, {"Ref": 5}, {"Ref": "People"}, {"Ref": "Role"}, {"Condition": "No"}),
    *({f"Fn::{name}": 5} for name in ("Sub", "GetAtt", "Join", "If", "FindInMap", "Length", "And", "Transform")),
    *({f"Fn::{name}": []} for name in ("Sub", "GetAtt", "Base64", "Or", "ToJsonString", "ImportValue")),
    *({"Fn::Select": ["a", 5]}, {"Fn::Select": [0, {}]}, {"Fn::Split": [5, 5]}, {"Fn::Split": ["", "a"]}),
    *({"Fn::Not": [5]}, {"Fn::Equals": [1]}, {"Fn::Sub": "${Stage.a.b}"}, {"Fn::Sub": ["${Stage}", 5]}),
    *({"Fn::GetAtt": "Role.X"}, {"Fn::Join": ["-", [None, {}]]}, {"Fn::FindInMap": [{}, [], 5]}),
]
APPLIED = 250
"""One of so many is carried out."""


def places(value, path=()):
    """The path of everything in a document, but of the whole."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield (*path, key)
        yield from places(inner, (*path, key))


def odd_templates():
    """Each place with each odd thing in its stead."""
    for path in places(TEMPLATE):
        for odd in ODD:
            document = copy.deepcopy(TEMPLATE)
            holder = document
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = odd
            yield document


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_odd_template_ends_as_a_sentence_or_a_plan(house):
    door = Door(house.lido.call, actor="tests", region="us-east-1")
    refused = planned = 0
    for document in odd_templates():
        try:
            planning.plan(Stack(door, "odd", templates.parse(document), {}))
            planned += 1
        except (TemplateError, errors.Fault):
            refused += 1

    assert refused > planned / 2 > 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_an_odd_template_began_can_be_taken_away(house):
    door = Door(house.lido.call, actor="tests", region="us-east-1")
    empty = templates.parse({"Resources": {}})
    for document in islice(odd_templates(), 0, None, APPLIED):
        with suppress(TemplateError, errors.Fault):
            stack = Stack(door, "odd", templates.parse(document), {})
            applying.carry_out(stack, lambda *_: None)
            applying.outputs(stack)
        applying.carry_out(Stack(door, "odd", empty, {}), lambda *_: None)

    assert house.idp.list_user_pools(MaxResults=60)["UserPools"] == []
