"""What differs between what is wanted and what is there."""

import pytest

from lido.stacks import TemplateError
from lido.stacks.comparing import Difference, differences, merged, paths
from lido.stacks.shaping import shaped
from lido.stacks.values import Unknown


@pytest.mark.parametrize(
    "wanted, present",
    [
        ({}, {"a": 1}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}),
        ({"a": ["x", "y"]}, {"a": ["y", "x"]}),
        ({"a": [{"n": 1}, {"n": 2}]}, {"a": [{"n": 2, "more": 1}, {"n": 1}]}),
        ({"a": False, "b": [], "c": {}, "d": ""}, {}),
        ({"a": {}}, {"a": {"b": []}}),
    ],
)
def test_no_difference(wanted, present):
    assert differences(wanted, present, ()) == []


@pytest.mark.parametrize(
    "wanted, present, path",
    [
        ({"a": 1}, {"a": 2}, ("a",)),
        ({"a": 0}, {}, ("a",)),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, ("a", "b")),
        ({"a": {"b": 1}}, {}, ("a",)),
        ({"a": ["x"]}, {"a": ["x", "y"]}, ("a",)),
        ({"a": ["x", "x"]}, {"a": ["x", "y"]}, ("a",)),
        ({"a": []}, {"a": ["x"]}, ("a",)),
        ({"a": {}}, {"a": {"b": 1}}, ("a",)),
        ({"a": Unknown("Pool")}, {"a": "Pool"}, ("a",)),
    ],
)
def test_one_difference(wanted, present, path):
    assert [each.path for each in differences(wanted, present, ())] == [path]


def test_what_was_set_before_and_is_wanted_no_more_goes_back_as_a_whole():
    before = [("a", "b"), ("a", "c"), ("d", "e"), ("f",)]
    present = {"a": {"b": 1, "c": 2}, "d": {"e": 3, "g": 4}, "h": 5}

    found = differences({"d": {"g": 4}}, present, before)

    assert found == [Difference(("a",), present["a"], None), Difference(("d", "e"), 3, None)]
    assert merged(present, {"d": {"g": 6}}, [each.path for each in found]) == {"d": {"g": 6}, "h": 5}


def test_paths_lead_to_members_of_mappings_and_to_whole_lists():
    assert paths({"a": {"b": 1, "c": {}}, "d": [{"e": 1}]}) == [("a", "b"), ("a", "c"), ("d",)]


@pytest.mark.parametrize(
    "shape, given, expected",
    [
        ("UserPoolMfaType", False, "OFF"),
        ("UserPoolMfaType", True, "ON"),
        ("PasswordPolicyType", {"MinimumLength": "12", "RequireNumbers": "true"}, {"MinimumLength": 12}),
        ("StringAttributeConstraintsType", {"MaxLength": 9}, {"MaxLength": "9"}),
    ],
)
def test_values_take_the_types_of_the_model(shape, given, expected):
    found = shaped(shape, given, "P")

    assert {**found, **expected} == found if isinstance(expected, dict) else found == expected


@pytest.mark.parametrize(
    "shape, given, sentence",
    [
        ("PasswordPolicyType", {"Colour": 1}, "P has no member Colour"),
        ("PasswordPolicyType", {"MinimumLength": "many"}, "P.MinimumLength is a whole number"),
        ("PasswordPolicyType", {"MinimumLength": 1.5}, "P.MinimumLength is a whole number"),
        ("PasswordPolicyType", {"MinimumLength": "inf"}, "P.MinimumLength is a whole number"),
        ("PasswordPolicyType", {"RequireNumbers": "perhaps"}, "P.RequireNumbers is true or false"),
        ("PasswordPolicyType", [], "P is a mapping"),
        ("AliasAttributesListType", "email", "P is a list"),
        ("UserPoolTagsType", "a", "P is a mapping"),
        ("UserPoolNameType", ["a"], "P is a text"),
    ],
)
def test_values_of_another_type_are_refused(shape, given, sentence):
    with pytest.raises(TemplateError, match=sentence.replace("[", r"\[")):
        shaped(shape, given, "P")
