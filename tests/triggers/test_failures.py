"""A trigger that throws, hangs, answers rubbish or cannot be reached: AWS's error, and nothing happens."""

import pytest
from tests.sign_ins import refusal
from tests.triggers.conftest import unchanged

from lido.ports.triggers.carrier import Busy, NotInvocable, TimedOut, Unrecognizable


def failing(failure):
    def function(_event):
        raise failure

    return function


@pytest.mark.parametrize(
    ("failure", "name", "sentence"),
    [
        (
            NotInvocable("AccessDeniedException"),
            "UnexpectedLambda",
            "{} invocation failed due to error AccessDeniedException.",
        ),
        (
            TimedOut(),
            "UnexpectedLambda",
            "{} invocation failed due to error Socket timeout while invoking Lambda function.",
        ),
        (Unrecognizable(), "InvalidLambdaResponse", "Unrecognizable lambda output"),
        (ValueError("Twice."), "UserLambdaValidation", "{} failed with error Twice..."),
        (Busy(), "TooManyRequests", None),
    ],
)
@pytest.mark.parametrize("trigger", ["PreAuthentication", "PostAuthentication", "PreTokenGeneration"])
def test_each_failure_has_cognitos_words_and_gives_no_token(triggered, trigger, failure, name, sentence):
    people = triggered(**{trigger: failing(failure)})
    people.alice()

    refused = refusal(people.sign_in)

    assert refused.name == name
    if sentence is not None:
        assert refused.sentence == sentence.format(trigger).replace("Twice...", "Twice..")
    assert people.sessions() == 0


@pytest.mark.parametrize("answer", [None, [], "text", 7, True, {"response": []}, {"response": "x"}])
@pytest.mark.parametrize("trigger", ["PreSignUp", "PostConfirmation"])
def test_what_is_no_event_is_refused(triggered, trigger, answer):
    people = triggered(**{trigger: lambda _event: answer, **({} if trigger == "PreSignUp" else {"PreSignUp": confirm})})

    assert refusal(people.sign_up) == ("InvalidLambdaResponse", "Unrecognizable lambda output")


def confirm(event):
    event["response"]["autoConfirmUser"] = True
    return event


def test_changes_outside_the_response_change_nothing(triggered):
    def meddle(event):
        return {
            **event,
            "userName": "eve",
            "userPoolId": "us-east-1_other",
            "request": {"userAttributes": {"email": "eve@example.com"}},
            "response": {**event["response"], "unknown": 1},
        }

    people = triggered(PreSignUp=meddle)

    people.sign_up()

    (user,) = people.house.idp.list_users(UserPoolId=people.pool_id)["Users"]
    assert user["Username"] == "alice"
    assert {"Name": "email", "Value": "alice@example.com"} in user["Attributes"]


def test_a_function_that_is_nowhere_fails_the_flow(triggered):
    people = triggered(
        pool={"LambdaConfig": {"PreAuthentication": "arn:aws:lambda:us-east-1:000000000000:function:gone"}}
    )
    people.alice()

    assert refusal(people.sign_in) == (
        "UnexpectedLambda",
        "PreAuthentication invocation failed due to error ResourceNotFoundException.",
    )


def test_the_callers_sdk_is_named(triggered):
    people = triggered(PreSignUp=unchanged)
    body = b'{"ClientId": "%s", "Username": "bob", "Password": "Passw0rd!"}' % people.client_id.encode()
    people.house.http(
        "POST",
        "http://lido.test/",
        {
            "x-amz-target": "AWSCognitoIdentityProviderService.SignUp",
            "content-type": "application/x-amz-json-1.1",
            "user-agent": "aws-sdk-nodejs/2.6.4 linux/v18",
        },
        body,
    )

    assert people.told[0]["callerContext"]["awsSdkVersion"] == "aws-sdk-nodejs-2.6.4"
