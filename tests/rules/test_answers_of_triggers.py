"""Whatever a function answers is understood or refused; nothing else happens."""

from itertools import product

import msgspec
import pytest

from lido.rules import custom_challenges, custom_messages, token_changes, trigger_events
from lido.rules.trigger_events import Unrecognizable

ODD = [None, True, False, 0, -1, 1.5, 10**30, "", "x", "\x00", "a b", [], [None], [[]], [{}], ["x", 1], {}, {"": ""}]
ODD += [{"x": None}, {"x": []}, {"x": {}}, {"x": "y"}, {"x": "y" * 3_000}, ["x"] * 6_000, {"aud": "y", "sub": 1}]
READERS = {
    "PreSignUp": (trigger_events.sign_up_answer, ["autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"]),
    "UserMigration": (
        lambda response: trigger_events.migrated({"userAttributes": {"a": "b"}, **response}, "alice"),
        ["userAttributes", "finalUserStatus", "messageAction", "desiredDeliveryMediums", "forceAliasCreation"],
    ),
    "DefineAuthChallenge": (custom_challenges.defined, ["challengeName", "issueTokens", "failAuthentication"]),
    "CreateAuthChallenge": (
        custom_challenges.created,
        ["publicChallengeParameters", "privateChallengeParameters", "challengeMetadata"],
    ),
    "VerifyAuthChallengeResponse": (custom_challenges.is_correct, ["answerCorrect"]),
    "CustomMessage": (
        lambda response: custom_messages.words(response, "SignUp"),
        ["smsMessage", "emailMessage", "emailSubject"],
    ),
}


def understood(read, response):
    """What is understood of an answer; None where it is refused."""
    try:
        return read(response)
    except Unrecognizable:
        return None


@pytest.mark.parametrize("trigger", READERS)
def test_every_answer_is_understood_or_refused(trigger):
    read, names = READERS[trigger]
    for pair in product(names, repeat=2):
        for values in product(ODD, repeat=2):
            understood(read, dict(zip(pair, values, strict=True)))


@pytest.mark.parametrize("version", ["V1_0", "V2_0", "V3_0"])
def test_every_change_to_tokens_is_made_or_refused(version):
    members = ["claimsToAddOrOverride", "claimsToSuppress", "scopesToAdd", "scopesToSuppress", "groupsToOverride"]
    given = {"sub": "alice", "aud": "client", "scope": "one", "cognito:groups": ["a"], "client_id": "client"}
    for name, value in product(members, ODD):
        member = {name: value}
        details = {**member, "idTokenGeneration": member, "accessTokenGeneration": member}
        for groups in (member, value):
            response = {
                "claimsOverrideDetails": {**member, "groupOverrideDetails": groups},
                "claimsAndScopeOverrideDetails": {**details, "groupOverrideDetails": groups},
            }
            changes = understood(lambda answer: token_changes.read(answer, version), response)
            for told in (
                []
                if changes is None
                else [
                    token_changes.to_access(given, changes, "client"),
                    token_changes.to_id(given, changes),
                ]
            ):
                assert (told["sub"], told["aud"]) == ("alice", "client")
                assert msgspec.json.decode(msgspec.json.encode(told)) == told
