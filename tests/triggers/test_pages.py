"""The events that the manual shows are those that functions get."""

import json

import pytest
from tests.docs.pages import DOCS, blocks
from tests.sign_ins import refusal
from tests.triggers.conftest import answering, unchanged
from tests.triggers.test_custom_auth import QUESTION
from tests.world import PASSWORD

SHOWN = {
    event["triggerSource"]: event
    for page in (DOCS / "triggers").glob("*.md")
    for event in map(json.loads, blocks(page, "json"))
}
_FREE = {"userAttributes", "validationData", "clientMetadata", "privateChallengeParameters", "session"}


def shape(event, inside=""):
    """The names in an event, but for those that the pool or the person chose."""
    if inside in _FREE or not isinstance(event, dict):
        return None if event is None else type(event).__name__
    return {name: shape(value, name) for name, value in event.items()}


def sign_up(triggered):
    people = triggered(PreSignUp=unchanged, CustomMessage=unchanged)
    people.sign_up(ValidationData=[{"Name": "a", "Value": "b"}], ClientMetadata={"a": "b"})
    return people


def confirmation(triggered):
    people = triggered(PostConfirmation=unchanged)
    people.sign_up()
    people.house.idp.admin_confirm_sign_up(UserPoolId=people.pool_id, Username="alice", ClientMetadata={"a": "b"})
    return people


def sign_in(triggered):
    people = triggered(
        version="V2_0", PreAuthentication=unchanged, PostAuthentication=unchanged, PreTokenGenerationConfig=unchanged
    )
    people.house.user(people.pool_id, "alice")
    idp, srp = people.house.idp_unsigned, people.srp()
    begun = idp.initiate_auth(
        AuthFlow="USER_SRP_AUTH",
        ClientId=people.client_id,
        AuthParameters=srp.get_auth_params(),
        ClientMetadata={"a": "b"},
    )
    idp.respond_to_auth_challenge(
        ClientId=people.client_id,
        ChallengeName="PASSWORD_VERIFIER",
        ChallengeResponses=srp.process_challenge(begun["ChallengeParameters"], srp.get_auth_params()),
        ClientMetadata={"a": "b"},
    )
    del people.told[-1]["request"]["clientMetadata"]  # the page shows a sign-in without it
    return people


def moving(triggered):
    people = triggered(UserMigration=answering(userAttributes={}))
    refusal(
        people.house.idp_unsigned.initiate_auth,
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=people.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        ClientMetadata={"a": "b"},
    )
    return people


def custom(triggered):
    people = triggered(**QUESTION)
    people.house.user(people.pool_id, "alice")
    begun = people.initiate("CUSTOM_AUTH", USERNAME="alice")
    people.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER="8")
    return people


@pytest.mark.parametrize("story", [sign_up, confirmation, sign_in, moving, custom])
def test_the_events_of_the_manual_are_the_real_ones(triggered, story):
    told = story(triggered).told

    assert told
    for event in told:
        assert shape(SHOWN[event["triggerSource"]]) == shape(event), event["triggerSource"]


def test_every_trigger_has_its_event_in_the_manual():
    shown = {source.partition("_")[0] for source in SHOWN}

    assert shown >= {
        "PreSignUp",
        "PostConfirmation",
        "PreAuthentication",
        "PostAuthentication",
        "TokenGeneration",
        "UserMigration",
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "CustomMessage",
    }
