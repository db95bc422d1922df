"""Templates as documents: what is read, what is refused, in which order things are made."""

import pytest

from lido.stacks import TemplateError, documents, templates
from lido.stacks.kinds.table import RANKS

POOL = "Pool: {Type: AWS::Cognito::UserPool}"


def parse(text):
    return templates.parse(documents.read(text))


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("", "A template is a mapping"),
        ("[]", "A template is a mapping"),
        ("a: b: c", "neither YAML nor JSON"),
        ("{", "no JSON"),
        ("Resources: !!python/object:os.system {}", "neither YAML nor JSON"),
        ("Resources: {A: &a {Type: X}, B: *a}", "Aliases"),
        ("Resources: {A: {Type: X}, A: {Type: X}}", "A stands twice in one place"),
        ('{"Resources": {"A": {}, "A": {}}}', "A stands twice in one place"),
        ("Resources: " + "[" * 300 + "]" * 300, "nested too deeply"),
        ("Resources: " + "[" * 5000 + "]" * 5000, "nested too deeply"),
        ("Description: x", "The template has no Resources"),
        ("Resources: []", "Resources is a mapping"),
        ("Colours: {}\nResources: {}", "no section Colours"),
        ("Resources: {A: {}}", "The resource A has no Type"),
        ("Resources: {a-b: {Type: X}}", "no name for a resource"),
        ("Resources: {A: {Type: X, Properties: []}}", "no mapping"),
        ("Resources: {A: {Type: X, DeletionPolicy: Snapshot}}", "The DeletionPolicy of A is one of"),
    ],
)
def test_what_is_no_template_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(TemplateError, match=sentence):
        parse(text)


def test_a_template_that_is_too_long_is_not_read():
    with pytest.raises(TemplateError, match="longer than 4 MiB"):
        documents.read("a" * (documents.LONGEST + 1))


@pytest.mark.parametrize(
    "declared, given, expected",
    [
        ("{Type: String, Default: a}", None, "a"),
        ("{Type: Number, Default: 3}", "7", "7"),
        ("{Type: CommaDelimitedList}", "a,b", ["a", "b"]),
        ("{Type: 'List<Number>'}", "1, 2", ["1", "2"]),
        ("{Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}", None, "/a"),
        ("{Type: String, AllowedPattern: '[a-c]+'}", "abc", "abc"),
    ],
)
def test_a_parameter_has_the_value_that_was_given_or_its_default(declared, given, expected):
    template = parse(f"Parameters: {{P: {declared}}}\nResources: {{}}")

    assert templates.values_of_parameters(template, {} if given is None else {"P": given}) == {"P": expected}


@pytest.mark.parametrize(
    "declared, given",
    [
        ("{Type: String, AllowedValues: [a, b]}", "c"),
        ("{Type: String, AllowedPattern: '[a-c]'}", "abc"),
        ("{Type: String, MinLength: 2}", "q"),
        ("{Type: String, MaxLength: 2}", "abc"),
        ("{Type: Number}", "many"),
        ("{Type: Number, MaxValue: 7}", "8"),
        ("{Type: Number, MinValue: 7}", "6"),
        ("{Type: String}", None),
    ],
)
def test_a_value_that_is_not_allowed_is_refused_and_not_repeated(declared, given):
    template = parse(f"Parameters: {{P: {declared}}}\nResources: {{}}")

    with pytest.raises(TemplateError, match="P") as refused:
        templates.values_of_parameters(template, {} if given is None else {"P": given})
    assert given is None or f" {given}" not in str(refused.value)


def test_a_value_for_nothing_is_refused():
    with pytest.raises(TemplateError, match="no parameter and no resource Stagee"):
        templates.values_of_parameters(parse("Resources: {}"), {"Stagee": "x"})


def test_each_thing_is_made_after_what_it_needs():
    template = parse(
        """
        Resources:
          Ann: {Type: AWS::Cognito::UserPoolUser, Properties: {UserPoolId: !Ref Pool}}
          Web: {Type: AWS::Cognito::UserPoolClient, Properties: {UserPoolId: !Sub "${Pool}"}, DependsOn: Staff}
          Staff: {Type: AWS::Cognito::UserPoolGroup, Properties: {UserPoolId: !GetAtt Pool.UserPoolId}}
          Google: {Type: AWS::Cognito::UserPoolIdentityProvider, Properties: {UserPoolId: !Join ["", [!Ref Pool]]}}
          Pool: {Type: AWS::Cognito::UserPool}
          Role: {Type: AWS::IAM::Role}
        """
    )

    order = [each.logical_id for each in templates.ordered(template, template.resources, RANKS)]

    assert order == ["Pool", "Google", "Ann", "Staff", "Web"]


def test_a_circle_and_a_name_that_nothing_has_are_refused():
    circle = parse("Resources: {A: {Type: AWS::Cognito::X, DependsOn: B}, B: {Type: AWS::Cognito::X, DependsOn: [A]}}")
    with pytest.raises(TemplateError, match="These need each other: A, B"):
        templates.ordered(circle, circle.resources, {})

    lost = parse("Resources: {A: {Type: AWS::Cognito::X, DependsOn: C}}")
    with pytest.raises(TemplateError, match="A names C"):
        templates.ordered(lost, lost.resources, {})


def test_words_of_yaml_stay_words():
    """Dates and the short tags of CloudFormation are no objects; ON and OFF are truths, as YAML has it."""
    found = documents.read("Version: 2010-09-09\nA: !GetAtt B.C\nD: !Condition E\nF: OFF")

    assert found == {"Version": "2010-09-09", "A": {"Fn::GetAtt": "B.C"}, "D": {"Condition": "E"}, "F": False}


@pytest.mark.parametrize("text", ["A: 1", '{"A": "1"}', '[{"ParameterKey": "A", "ParameterValue": "1"}]'])
def test_parameters_come_as_a_mapping_or_as_the_aws_cli_has_them(text):
    assert documents.parameters(text) == {"A": "1"}


@pytest.mark.parametrize("text", ["[1]", "A: [1]", "A:", "x"])
def test_what_are_no_parameters_is_refused(text):
    with pytest.raises(TemplateError, match="Parameters are a mapping"):
        documents.parameters(text)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_what_is_written_is_read_the_same(form):
    document = {"Resources": {"A": {"Type": "X", "Properties": {"a": "ON", "b": "1", "c": "x\ny\n", "d": True}}}}

    assert documents.read(documents.write(document, form)) == document
