"""The functions of templates, each in its long and its short form, and what cannot be evaluated."""

import pytest

from lido.stacks import TemplateError, documents, templates
from lido.stacks.functions import Place, Scope
from lido.stacks.values import HIDDEN, Secret, Unknown, is_known, shown

TEMPLATE = """
Parameters:
  Stage: {Type: String, Default: test}
  Names: {Type: CommaDelimitedList, Default: "a, b"}
  Word: {Type: String, NoEcho: true, Default: hush}
Mappings:
  Sizes: {test: {length: 8}, live: {length: 14}}
Conditions:
  IsTest: !Equals [!Ref Stage, test]
  IsLive: !Not [!Condition IsTest]
  Both: !And [!Condition IsTest, !Condition IsLive]
  Either: !Or [!Condition IsTest, !Condition IsLive]
  Round: !Condition Round
Resources:
  Pool: {Type: AWS::Cognito::UserPool}
  Made: {Type: AWS::Cognito::UserPool}
  Check: {Type: AWS::Lambda::Function}
  Alias: {Type: AWS::Lambda::Alias}
  Role: {Type: AWS::IAM::Role}
  Odd: {Type: Custom::Odd}
"""


def scope(**given):
    template = templates.parse(documents.read(TEMPLATE))
    parameters = templates.values_of_parameters(template, given)
    found = Scope(template, parameters, given, stack="people", place=Place("eu-west-1", "000000000000"))
    found.made["Made"] = ("eu-west-1_made", lambda: {"Arn": "arn:made"})
    return found


def value(text, **given):
    return scope(**given).value(documents.read(f"Value: {text}")["Value"])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("!Ref Stage", "test"),
        ("{Ref: Names}", ["a", "b"]),
        ("!Ref Made", "eu-west-1_made"),
        ("!GetAtt Made.Arn", "arn:made"),
        ("{'Fn::GetAtt': [Made, Arn]}", "arn:made"),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "000000000000"),
        ("!Ref AWS::StackName", "people"),
        ("!Ref AWS::Partition", "aws"),
        ("!Sub '${Stage}-${Made}-${Made.Arn}-${AWS::Region}'", "test-eu-west-1_made-arn:made-eu-west-1"),
        ("!Sub ['${Own}${!Stage}', {Own: !Ref Stage}]", "test${Stage}"),
        ("!Join ['-', [a, !Ref Stage, 1, true]]", "a-test-1-true"),
        ("!Join [',', !Ref Names]", "a,b"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['0', !Split ['|', 'x|y']]", "x"),
        ("!FindInMap [Sizes, !Ref Stage, length]", 8),
        ("!FindInMap [Sizes, none, length, {DefaultValue: 3}]", 3),
        ("!If [IsTest, yes, no]", True),
        ("!If [IsLive, 1, 2]", 2),
        ("!If [Both, 1, 2]", 2),
        ("!If [Either, 1, 2]", 1),
        ("{a: !If [IsLive, 1, !Ref AWS::NoValue], b: [1, !Ref AWS::NoValue]}", {"b": [1]}),
        ("!Base64 hello", "aGVsbG8="),
        ("!ToJsonString {a: 1}", '{"a": 1}'),
        ("!Length [a, b]", 2),
        ("!Ref Check", "Check"),
        ("!GetAtt Check.Arn", "arn:aws:lambda:eu-west-1:000000000000:function:Check"),
        ("!Ref Alias", "arn:aws:lambda:eu-west-1:000000000000:function:Alias:live"),
        ("!GetAtt Role.Arn", "arn:aws:iam::000000000000:role/Role"),
        ("!GetAtt Odd.TopicArn", "arn:aws:custom:eu-west-1:000000000000:Odd"),
    ],
)
def test_a_function_gives_what_cloudformation_s_gives(text, expected):
    assert value(text) == expected


def test_what_is_not_made_yet_is_not_known():
    for text in ("!Ref Pool", "!GetAtt Pool.Arn", "!Sub '${Pool}-x'", "!Join ['', [a, !Ref Pool]]"):
        assert isinstance(value(text), Unknown)
    assert not is_known({"a": [value("!Ref Pool")]})
    assert shown(value("!Ref Pool")) == "(known when Pool is made)"


def test_whatever_has_a_secret_in_it_is_secret():
    for text in ("!Ref Word", "!Sub 'a ${Word}'", "!Join ['', [a, !Ref Word]]", "!Base64 {Ref: Word}"):
        assert isinstance(value(text), Secret)
    assert shown([value("!Ref Word")]) == [HIDDEN]


def test_values_of_other_services_can_be_given():
    assert value("!GetAtt Role.Arn", **{"Role.Arn": "arn:mine"}) == "arn:mine"
    assert value("!Ref Check", Check="mine") == "mine"
    assert value("!GetAtt Odd.Id", **{"Odd.Id": "7"}) == "7"
    found = value("'{{resolve:ssm:/a}}!'", **{"{{resolve:ssm:/a}}": "hush {{resolve:ssm:/a}}"})
    assert found == "hush {{resolve:ssm:/a}}!"
    assert isinstance(found, Secret)


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("!Ref None", "Ref names None, which the template has not"),
        ("!GetAtt None.Arn", "Fn::GetAtt names None"),
        ("!GetAtt Made", "takes a resource and an attribute"),
        ("!GetAtt Made.Colour", "Made has no attribute Colour; it has Arn."),
        ("!GetAtt Odd.Id", "give it with --parameter Odd.Id=VALUE"),
        ("!Select [7, [a]]", "there is no number 7"),
        ("!Join [a]", "Fn::Join takes a list of 2"),
        ("!FindInMap [Sizes, none, length]", "Mappings has no Sizes.none.length"),
        ("!If [None, 1, 2]", "There is no condition None"),
        ("!If [Round, 1, 2]", "The condition Round asks for itself"),
        ("!ImportValue other", "--parameter other=VALUE"),
        ("'{{resolve:secretsmanager:a}}'", "is not fetched"),
        ("!Cidr [a, 1, 2]", "Fn::Cidr is not known"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_sentence(text, sentence):
    with pytest.raises(TemplateError, match=sentence.replace("{", r"\{").replace("(", r"\(")):
        value(text)
