"""What stands in tokens."""

import pytest

from lido.rules import claims
from lido.rules.claims import Group, access_claims, attribute_claims, id_claims, preferred_role, validity_seconds

SUB = "34c84488-e0e1-70ae-d2ee-991ad1a898c8"
ISS = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aaaaaaaaa"


def access(**more: object) -> claims.Claims:
    given = {
        "sub": SUB, "iss": ISS, "client_id": "client", "scope": claims.SIGN_IN_SCOPE,
        "auth_time": 100, "iat": 200, "exp": 3800,
    }  # fmt: skip
    return access_claims(**(given | more))  # type: ignore[arg-type]


def identity(attributes: dict[str, str] | None = None, **more: object) -> claims.Claims:
    given = {
        "sub": SUB, "iss": ISS, "client_id": "client", "username": "alice",
        "auth_time": 100, "iat": 200, "exp": 3800, "attributes": attributes or {},
    }  # fmt: skip
    return id_claims(**(given | more))  # type: ignore[arg-type]


def test_the_access_token_of_a_plain_sign_in() -> None:
    assert access(username="alice", jti="j", origin_jti="o", event_id="e") == {
        "sub": SUB, "iss": ISS, "client_id": "client", "origin_jti": "o", "event_id": "e", "token_use": "access",
        "scope": "aws.cognito.signin.user.admin", "auth_time": 100, "exp": 3800, "iat": 200, "jti": "j",
        "username": "alice",
    }  # fmt: skip


def test_nothing_empty_stands_in_an_access_token() -> None:
    assert set(access()) == {"sub", "iss", "client_id", "token_use", "scope", "auth_time", "exp", "iat"}


def test_what_an_access_token_may_have_besides() -> None:
    more = access(groups=[("a", "arn:r", 1), ("b", None, None)], device_key="d", version=2, acr="x", amr=("pwd",))
    assert more["cognito:groups"] == ["a", "b"]
    assert (more["device_key"], more["version"], more["acr"], more["amr"]) == ("d", 2, "x", ["pwd"])
    assert "cognito:roles" not in more


def test_the_id_token_of_a_plain_sign_in() -> None:
    assert identity({"email": "a@b.c", "email_verified": "true"}, jti="j", origin_jti="o", event_id="e") == {
        "sub": SUB, "iss": ISS, "aud": "client", "cognito:username": "alice", "origin_jti": "o", "event_id": "e",
        "token_use": "id", "auth_time": 100, "exp": 3800, "iat": 200, "jti": "j",
        "email": "a@b.c", "email_verified": True,
    }  # fmt: skip


def test_attributes_become_claims_of_their_type() -> None:
    made = attribute_claims(
        {
            "email_verified": "True",
            "phone_number_verified": "false",
            "address": "Via Roma 1",
            "updated_at": "1548099495",
            "custom:age": "42",
            "custom:flag": "true",
            "nickname": "",
        }
    )
    assert made == {
        "email_verified": True,
        "phone_number_verified": False,
        "address": {"formatted": "Via Roma 1"},
        "updated_at": 1548099495,
        "custom:age": "42",
        "custom:flag": "true",
    }


@pytest.mark.parametrize("value", ["yesterday", "-1", "1.5", "9" * 400, "٣"])
def test_an_updated_at_that_is_no_number_stays_text(value: str) -> None:
    assert attribute_claims({"updated_at": value}) == {"updated_at": value}


def test_only_readable_attributes_are_told() -> None:
    attributes = {"email": "a@b.c", "name": "Alice", "custom:x": "1", "dev:custom:y": "2"}
    assert set(attribute_claims(attributes)) == {"email", "name", "custom:x"}
    assert attribute_claims(attributes, {"email", "dev:custom:y"}) == {"email": "a@b.c"}
    assert attribute_claims(attributes, set()) == {}


def test_an_attribute_can_not_replace_a_claim_of_the_protocol() -> None:
    forged = identity(
        {"sub": "other", "aud": "other", "iss": "other", "cognito:username": "root", "token_use": "access", "exp": "9"}
    )
    assert forged == identity()


def test_an_attribute_can_not_pose_as_identities() -> None:
    assert "identities" not in identity({"identities": "[]"})
    assert identity(identities=[{"userId": "1", "issuer": None}])["identities"] == [{"userId": "1", "issuer": None}]


def test_roles_and_the_preferred_one() -> None:
    made = identity(groups=[("b", "arn:b", 5), ("a", "arn:a", 1), ("c", "arn:b", None), ("d", None, 0)])
    assert made["cognito:groups"] == ["b", "a", "c", "d"]
    assert made["cognito:roles"] == ["arn:b", "arn:a"]
    assert made["cognito:preferred_role"] == "arn:a"


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ([], None),
        ([("a", None, 1)], None),
        ([("a", "arn:a", None)], "arn:a"),
        ([("a", "arn:a", 0), ("b", "arn:b", None)], "arn:a"),
        ([("a", "arn:a", 1), ("b", "arn:b", 1)], None),
        ([("a", "arn:a", 1), ("b", "arn:a", 1)], "arn:a"),
        ([("a", "arn:a", None), ("b", "arn:b", None)], None),
        ([("a", "arn:a", 2), ("b", "arn:b", 2), ("c", "arn:c", 1)], "arn:c"),
    ],
)
def test_a_tie_of_different_roles_has_no_preferred_one(groups: list[Group], role: str | None) -> None:
    assert preferred_role(groups) == role
    assert ("cognito:preferred_role" in identity(groups=groups)) == (role is not None)


@pytest.mark.parametrize(
    ("token", "value", "unit", "seconds"),
    [
        ("access", None, None, 3600),
        ("id", None, "minutes", 3600),
        ("id", 2, None, 7200),
        ("access", 5, "minutes", 300),
        ("access", 300, "seconds", 300),
        ("refresh", None, None, 30 * 86400),
        ("refresh", 0, "minutes", 30 * 86400),
        ("refresh", 10, None, 10 * 86400),
        ("refresh", 60, "minutes", 3600),
        ("session", None, None, 180),
        ("session", 15, None, 900),
    ],
)
def test_validities_have_units_and_defaults(token: str, value: int | None, unit: str | None, seconds: int) -> None:
    assert validity_seconds(token, value, unit) == seconds
