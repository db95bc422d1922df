"""What PreTokenGeneration may make of tokens, in its three versions."""

import pytest

from lido.rules import token_changes
from lido.rules.token_changes import Groups
from lido.rules.trigger_events import Unrecognizable

ACCESS = {"sub": "s", "client_id": "c", "scope": "aws.cognito.signin.user.admin", "cognito:groups": ["staff"], "exp": 2}
ID = {
    "sub": "s",
    "aud": "c",
    "email": "a@example.com",
    "cognito:groups": ["staff"],
    "cognito:roles": ["arn:staff"],
    "cognito:preferred_role": "arn:staff",
}


def first(**details):
    return token_changes.read({"claimsOverrideDetails": details}, "V1_0")


def later(**details):
    return token_changes.read({"claimsAndScopeOverrideDetails": details}, "V2_0")


def test_an_answer_that_says_nothing_changes_nothing():
    for version, answer in (("V1_0", {"claimsOverrideDetails": None}), ("V2_0", {}), ("V3_0", {})):
        changes = token_changes.read(answer, version)
        assert (token_changes.to_access(ACCESS, changes, "c"), token_changes.to_id(ID, changes)) == (ACCESS, ID)


def test_the_first_version_changes_the_id_token_only():
    changes = first(claimsToAddOrOverride={"tier": "gold", "email": "b@example.com"}, claimsToSuppress=["email"])

    assert token_changes.to_access(ACCESS, changes, "c") == ACCESS
    assert token_changes.to_id(ID, changes) == {name: v for name, v in ID.items() if name != "email"} | {"tier": "gold"}


def test_groups_of_either_version_replace_those_of_both_tokens():
    given = {"groupsToOverride": ["admins"], "iamRolesToOverride": ["arn:a", "arn:b"], "preferredRole": "arn:b"}
    for changes in (first(groupOverrideDetails=given), later(groupOverrideDetails=given)):
        assert changes.groups == Groups(("admins",), ("arn:a", "arn:b"), "arn:b")
        assert token_changes.to_access(ACCESS, changes, "c")["cognito:groups"] == ["admins"]
        told = token_changes.to_id(ID, changes)
        assert (told["cognito:roles"], told["cognito:preferred_role"]) == (["arn:a", "arn:b"], "arn:b")


@pytest.mark.parametrize("given", [None, {}])
def test_no_groups_take_all_away(given):
    changes = later(groupOverrideDetails=given)

    assert not {"cognito:groups", "cognito:roles"} & token_changes.to_id(ID, changes).keys()
    assert "cognito:groups" not in token_changes.to_access(ACCESS, changes, "c")


def test_suppressed_groups_take_their_roles_along():
    told = token_changes.to_id(ID, first(claimsToSuppress=["cognito:groups"]))

    assert told == {"sub": "s", "aud": "c", "email": "a@example.com"}


def test_later_versions_add_any_json_and_scopes_to_access_tokens():
    access = {"claimsToAddOrOverride": {"plan": {"seats": [1, 2]}}, "scopesToAdd": ["read"]}
    told = token_changes.to_access(ACCESS, later(accessTokenGeneration=access), "c")

    assert (told["plan"], told["scope"]) == ({"seats": [1, 2]}, "aws.cognito.signin.user.admin read")


def test_suppressing_outweighs_adding():
    access = {"scopesToAdd": ["read"], "scopesToSuppress": ["read", "aws.cognito.signin.user.admin"]}

    assert token_changes.to_access(ACCESS, later(accessTokenGeneration=access), "c")["scope"] == ""


@pytest.mark.parametrize(
    "name", ["sub", "iss", "exp", "token_use", "client_id", "cognito:username", "acr", "amr", "jti"]
)
def test_what_the_protocol_says_cannot_be_changed(name):
    both = {"claimsToAddOrOverride": {name: "forged"}, "claimsToSuppress": [name]}
    changes = later(idTokenGeneration=both, accessTokenGeneration=both)

    assert token_changes.to_access(ACCESS, changes, "c") == ACCESS
    assert token_changes.to_id(ID, changes) == ID


@pytest.mark.parametrize(("aud", "told"), [("c", "c"), ("other", None)])
def test_an_audience_is_the_client_or_none(aud, told):
    changes = later(accessTokenGeneration={"claimsToAddOrOverride": {"aud": aud}})

    assert token_changes.to_access(ACCESS, changes, "c").get("aud") == told


@pytest.mark.parametrize(
    "answer",
    [
        {"claimsOverrideDetails": []},
        {"claimsOverrideDetails": {"claimsToAddOrOverride": {"n": 1}}},
        {"claimsOverrideDetails": {"claimsToSuppress": "email"}},
        {"claimsOverrideDetails": {"groupOverrideDetails": {"groupsToOverride": [1]}}},
        {"claimsOverrideDetails": {"claimsToAddOrOverride": {str(n): "" for n in range(5_001)}}},
    ],
)
def test_rubbish_is_refused(answer):
    with pytest.raises(Unrecognizable):
        token_changes.read(answer, "V1_0")


def test_a_scope_with_a_blank_is_refused():
    with pytest.raises(Unrecognizable):
        later(accessTokenGeneration={"scopesToAdd": ["read write"]})


def test_the_function_is_told_groups_and_from_the_second_version_on_scopes():
    groups = [("staff", "arn:staff", 1), ("plain", None, None)]
    told = [
        token_changes.event("Authentication", "ann", "c", {}, groups, ["s"], version=version, client_metadata={})
        for version in ("V1_0", "V2_0")
    ]

    assert [event.version for event in told] == ["1", "2"]
    assert told[0].request["groupConfiguration"] == {
        "groupsToOverride": ["staff", "plain"],
        "iamRolesToOverride": ["arn:staff"],
        "preferredRole": "arn:staff",
    }
    assert ["scopes" in event.request for event in told] == [False, True]
