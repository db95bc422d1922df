"""What triggers are told, and which answers they may give."""

import pytest

from lido.rules import custom_challenges, custom_messages, trigger_events
from lido.rules.custom_challenges import Round
from lido.rules.trigger_events import Unrecognizable

JS = "aws-sdk-js/2.6.4 callback"


def test_an_event_stands_in_cognitos_envelope():
    event = trigger_events.pre_sign_up(
        "SignUp", "ann", "c", {"email": "a@example.com"}, validation_data={"k": "v"}, client_metadata={"m": "1"}
    )

    assert trigger_events.envelope(event, region="us-east-1", pool_id="us-east-1_a", agent=JS) == {
        "version": "1",
        "triggerSource": "PreSignUp_SignUp",
        "region": "us-east-1",
        "userPoolId": "us-east-1_a",
        "userName": "ann",
        "callerContext": {"awsSdkVersion": "aws-sdk-js-2.6.4", "clientId": "c"},
        "request": {
            "userAttributes": {"email": "a@example.com"},
            "validationData": {"k": "v"},
            "clientMetadata": {"m": "1"},
        },
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }


def test_operators_without_client_and_unknown_agents_are_told_as_such():
    event = trigger_events.pre_sign_up("AdminCreateUser", "ann", None, {}, validation_data=None, client_metadata={})
    whole = trigger_events.envelope(event, region="r", pool_id="p", agent="curl/8")

    assert whole["callerContext"] == {
        "awsSdkVersion": "aws-sdk-unknown-unknown",
        "clientId": "CLIENT_ID_NOT_APPLICABLE",
    }
    assert whole["request"] == {"userAttributes": {}, "validationData": None}


def test_senders_have_nothing_to_answer():
    event = custom_messages.custom_sender("EMAIL", "SignUp", "ann", "c", {}, "Y2lwaGVy", {})
    whole = trigger_events.envelope(event, region="r", pool_id="p", agent="")

    assert "response" not in whole
    assert whole["request"] == {
        "type": "customEmailSenderRequestV1",
        "clientMetadata": None,
        "userAttributes": {},
        "code": "Y2lwaGVy",
    }


@pytest.mark.parametrize("answer", [None, "text", 7, [], {"response": "yes"}, {"response": []}])
def test_what_is_no_event_is_refused(answer):
    with pytest.raises(Unrecognizable):
        trigger_events.response_of(answer)


def test_an_answer_may_leave_the_response_out():
    assert trigger_events.response_of({"version": "1"}) == {}


@pytest.mark.parametrize("value", ["true", 1, [], {}])
def test_only_booleans_confirm(value):
    with pytest.raises(Unrecognizable):
        trigger_events.sign_up_answer({"autoConfirmUser": value})


def test_a_migrated_user_has_the_name_that_was_typed():
    response = {"userAttributes": {"username": "ann", "email": "a@example.com"}, "finalUserStatus": "CONFIRMED"}

    found = trigger_events.migrated(response, "ann")
    assert (found.attributes, found.confirmed, found.media) == ({"email": "a@example.com"}, True, ("SMS",))
    with pytest.raises(Unrecognizable):
        trigger_events.migrated(response, "bob")


@pytest.mark.parametrize("attributes", [None, {}])
def test_whoever_is_not_described_is_not_migrated(attributes):
    assert trigger_events.migrated({"userAttributes": attributes, "finalUserStatus": "CONFIRMED"}, "ann") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"finalUserStatus": "ARCHIVED"},
        {"messageAction": "RESEND"},
        {"desiredDeliveryMediums": ["FAX"]},
        {"userAttributes": {"email": 1}},
        {"userAttributes": {"email": "x" * 2_049}},
        {"userAttributes": {str(n): "" for n in range(101)}},
    ],
)
def test_a_migration_that_makes_no_sense_is_refused(changes):
    with pytest.raises(Unrecognizable):
        trigger_events.migrated({"userAttributes": {"email": "a"}, **changes}, "ann")


@pytest.mark.parametrize(
    ("response", "decides"),
    [
        ({"challengeName": "CUSTOM_CHALLENGE"}, ("CUSTOM_CHALLENGE", False, False)),
        ({"issueTokens": True, "challengeName": "CUSTOM_CHALLENGE"}, ("", True, False)),
        ({"issueTokens": True, "failAuthentication": True}, ("", False, True)),
    ],
)
def test_a_refusal_outweighs_tokens_and_tokens_a_challenge(response, decides):
    found = custom_challenges.defined(response)

    assert (found.challenge, found.issue, found.fail) == decides


@pytest.mark.parametrize("response", [{}, {"issueTokens": False}, {"issueTokens": "true"}, {"challengeName": 1}])
def test_a_decision_must_be_one(response):
    with pytest.raises(Unrecognizable):
        custom_challenges.defined(response)


def test_rounds_are_told_in_order():
    rounds = [Round("SRP_A", True), Round("CUSTOM_CHALLENGE", False, "first")]
    event = custom_challenges.define_auth_challenge("ann", "c", {}, rounds, user_not_found=False, client_metadata={})

    assert event.request["session"] == [
        {"challengeName": "SRP_A", "challengeResult": True, "challengeMetadata": None},
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "first"},
    ]


def test_parameters_of_a_challenge_are_texts():
    made = custom_challenges.created(
        {"publicChallengeParameters": {"q": "1+1"}, "privateChallengeParameters": {"a": "2"}}
    )
    assert (made.public, made.private, made.metadata) == ({"q": "1+1"}, {"a": "2"}, None)
    assert "2" not in repr(made)
    with pytest.raises(Unrecognizable):
        custom_challenges.created({"privateChallengeParameters": {"a": 2}})


def test_words_have_a_place_for_the_code_and_bounds():
    assert custom_messages.words({"smsMessage": "Code {####}", "emailMessage": ""}, "SignUp").sms == "Code {####}"
    for rubbish in ({"smsMessage": "no code"}, {"emailSubject": "x" * 141}, {"emailMessage": "{####}" + "x" * 20_000}):
        with pytest.raises(Unrecognizable):
            custom_messages.words(rubbish, "SignUp")
    with pytest.raises(Unrecognizable):
        custom_messages.words({"smsMessage": "{####}"}, "AdminCreateUser")
