"""Constraints of the service model, in Cognito's words."""

import base64
import math
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lido import errors
from lido.operations import checking
from lido.operations.patterns import matcher
from lido.shapes import Binary, Constraint, List, Map, Number, Plain, Structure, Text, idp
from lido.shapes.catalogue import OPERATIONS
from lido.shapes.constraints import CONSTRAINTS

POOL = "us-west-2_aB3dE5fG7"
CLIENT = "1example23456789abcdefghij"
TOKEN = "eyJ.eyJ.sig"


def refusal(shape_name: str, document: dict[str, Any], service: str = "cognito-idp") -> str:
    with pytest.raises(errors.InvalidParameter) as caught:
        checking.check(service, shape_name, document)
    return caught.value.message


def unreadable(shape_name: str, document: dict[str, Any]) -> str:
    with pytest.raises(errors.Serialization) as caught:
        checking.check("cognito-idp", shape_name, document)
    return caught.value.message


# Sentences.


def test_a_missing_member_is_named() -> None:
    assert refusal("CreateUserPoolRequest", {}) == (
        "1 validation error detected: Value null at 'poolName' failed to satisfy constraint: Member must not be null"
    )


def test_null_equals_absent() -> None:
    assert refusal("CreateUserPoolRequest", {"PoolName": None}) == refusal("CreateUserPoolRequest", {})
    checking.check("cognito-idp", "CreateUserPoolRequest", {"PoolName": "people", "MfaConfiguration": None})


def test_a_null_in_a_map_equals_absent() -> None:
    begun = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": "app", "AuthParameters": {"DEVICE_KEY": None, "A": "b"}}
    assert checking.request("cognito-idp", "InitiateAuthRequest", begun).auth_parameters == {"A": "b"}


def test_all_violations_are_listed() -> None:
    assert refusal("ListUserPoolsRequest", {"MaxResults": 0, "NextToken": ""}) == (
        "3 validation errors detected: "
        "Value '' at 'nextToken' failed to satisfy constraint: Member must have length greater than or equal to 1; "
        r"Value '' at 'nextToken' failed to satisfy constraint: Member must satisfy regular expression pattern: [\S]+; "
        "Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1"
    )


def test_a_value_above_the_range_is_echoed() -> None:
    assert refusal("ListUsersRequest", {"UserPoolId": POOL, "Limit": 100}) == (
        "1 validation error detected: Value '100' at 'limit' failed to satisfy constraint: "
        "Member must have value less than or equal to 60"
    )


def test_a_sensitive_value_is_left_out() -> None:
    document = {"UserPoolId": POOL, "Username": "alice", "Password": "my secret"}
    assert refusal("AdminSetUserPasswordRequest", document) == (
        "1 validation error detected: Value at 'password' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [\S]+"
    )


def test_an_unknown_choice_lists_the_choices() -> None:
    message = refusal("InitiateAuthRequest", {"AuthFlow": "X", "ClientId": CLIENT})
    assert message.startswith(
        "1 validation error detected: Value 'X' at 'authFlow' failed to satisfy constraint: "
        "Member must satisfy enum value set: [USER_SRP_AUTH, "
    )


def test_structures_in_lists_are_counted_from_one() -> None:
    document = {"PoolName": "people", "Schema": [{"Name": "x" * 21}]}
    assert "Value 'xxxxxxxxxxxxxxxxxxxxx' at 'schema.1.member.name' failed" in refusal(
        "CreateUserPoolRequest", document
    )


def test_nested_members_are_joined_with_dots() -> None:
    document = {"UserPoolId": POOL, "ClientName": "app", "TokenValidityUnits": {"AccessToken": "years"}}
    assert "Value 'years' at 'tokenValidityUnits.accessToken' failed" in refusal(
        "CreateUserPoolClientRequest", document
    )


def test_a_list_of_values_is_refused_as_a_whole() -> None:
    document = {"UserPoolId": POOL, "ClientName": "app", "ExplicitAuthFlows": ["ADMIN_USER_PASSWORD_AUTH"]}
    assert refusal("CreateUserPoolClientRequest", document).startswith(
        "1 validation error detected: Value '[ADMIN_USER_PASSWORD_AUTH]' at 'explicitAuthFlows' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [ADMIN_NO_SRP_AUTH, "
    )


def test_a_map_of_values_is_refused_as_a_whole() -> None:
    document = {"PoolName": "people", "UserPoolTags": {"team": "x" * 257}}
    assert refusal("CreateUserPoolRequest", document) == (
        f"1 validation error detected: Value '{{team={'x' * 257}}}' at 'userPoolTags' failed to satisfy constraint: "
        "Map value must satisfy constraint: [Member must have length less than or equal to 256, "
        "Member must have length greater than or equal to 0]"
    )


def test_a_list_that_is_too_long_is_refused() -> None:
    document = {"UserPoolId": POOL, "CustomAttributes": [{"Name": "a"}] * 26}
    assert refusal("AddCustomAttributesRequest", document).endswith(
        "at 'customAttributes' failed to satisfy constraint: Member must have length less than or equal to 25"
    )


def test_the_client_token_flow_is_accepted_as_by_the_service() -> None:
    document = {"UserPoolId": POOL, "ClientName": "app", "ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH"]}
    request = checking.request("cognito-idp", "CreateUserPoolClientRequest", document)
    assert request.explicit_auth_flows == ["ALLOW_CLIENT_TOKEN_AUTH"]


# Types.


@pytest.mark.parametrize(
    "value, message",
    [
        (5, "NUMBER_VALUE can not be converted to a String"),
        (True, "TRUE_VALUE can not be converted to a String"),
        ([], "Start of list found where not expected."),
        ({}, "Start of structure or map found where not expected."),
        ("\ud800", "The request is not valid Unicode"),
    ],
)
def test_another_type_than_text_is_unreadable(value: object, message: str) -> None:
    assert unreadable("CreateUserPoolRequest", {"PoolName": value}) == message


@pytest.mark.parametrize("value", [True, "5", 5.5, 5e10, math.inf, math.nan, 2**31, -(2**31) - 1, 10**30, [], {}])
def test_another_type_than_an_integer_is_unreadable(value: object) -> None:
    unreadable("ListUsersRequest", {"UserPoolId": POOL, "Limit": value})


def test_a_whole_number_with_a_point_is_an_integer() -> None:
    request = checking.request("cognito-idp", "ListUsersRequest", {"UserPoolId": POOL, "Limit": 10.0, "Filter": "null"})
    assert (request.limit, type(request.limit), request.filter) == (10, int, "null")
    assert "Value '61' at 'limit'" in refusal("ListUsersRequest", {"UserPoolId": POOL, "Limit": 61.0})


@pytest.mark.parametrize("value", ["YQ", "Y-_=", "YQ==\n", "Y", 5])
def test_a_blob_that_is_not_base64_is_unreadable(value: object) -> None:
    unreadable("SetUICustomizationRequest", {"UserPoolId": POOL, "ImageFile": value})


def test_a_blob_arrives_as_bytes() -> None:
    request = checking.request("cognito-idp", "SetUICustomizationRequest", {"UserPoolId": POOL, "ImageFile": "YWI="})
    assert request.image_file == b"ab"


def test_a_document_keeps_its_nulls() -> None:
    document = {"AccessToken": TOKEN, "Credential": {"response": {"userHandle": None}}}
    request = checking.request("cognito-idp", "CompleteWebAuthnRegistrationRequest", document)
    assert request.credential == {"response": {"userHandle": None}}


def test_a_document_nested_too_deeply_is_unreadable() -> None:
    deep: dict[str, Any] = {}
    for _ in range(500):
        deep = {"a": deep}
    unreadable("CompleteWebAuthnRegistrationRequest", {"AccessToken": TOKEN, "Credential": deep})


def test_conversion_without_the_check_quotes_nothing() -> None:
    with pytest.raises(errors.Serialization) as caught:
        checking.to_struct(idp.InitiateAuthRequest, {"AuthFlow": "secret", "ClientId": CLIENT})
    assert "secret" not in caught.value.message
    assert caught.value.__suppress_context__


# Secrets and bounds.


def test_what_holds_secrets_is_not_echoed() -> None:
    document = {"UserPoolId": POOL, "Username": "alice", "UserAttributes": [{"Name": "email", "Value": "s" * 2049}]}
    assert "sss" not in refusal("AdminUpdateUserAttributesRequest", document)
    logins = {f"provider{number}": "token-of-alice" for number in range(11)}
    message = refusal("GetIdInput", {"IdentityPoolId": "us-west-2:0a-1", "Logins": logins}, "cognito-identity")
    assert message.startswith("1 validation error detected: Value at 'logins' failed")


def test_a_struct_does_not_show_its_values() -> None:
    request = idp.ChangePasswordRequest(proposed_password="Tr0ub4dor", access_token=TOKEN)
    assert repr(request) == "ChangePasswordRequest(proposed_password, access_token)"


def test_sentences_stay_short_for_long_values() -> None:
    assert len(refusal("CreateUserPoolRequest", {"PoolName": "x" * 1_000_000})) < 1500
    many = {"PoolName": "people", "Schema": [{"Name": ""}] * 50}
    assert refusal("CreateUserPoolRequest", many).count("; ") == checking.VIOLATION_LIMIT - 1


def test_a_deep_value_where_a_structure_belongs_is_unreadable() -> None:
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    unreadable("CreateUserPoolRequest", {"PoolName": "people", "Schema": [deep] * 51})


def test_unbounded_maps_have_a_bound() -> None:
    document = {
        "AuthFlow": "CUSTOM_AUTH",
        "ClientId": CLIENT,
        "ClientMetadata": dict.fromkeys(map(str, range(10_001)), ""),
    }
    assert "at 'clientMetadata' failed" in refusal("InitiateAuthRequest", document)


# Every request of the model.

SAMPLES = [
    *(
        "a",
        "aa",
        "Abc",
        "abcdef",
        "0",
        "123456",
        "a_b",
        "a_0",
        "us-west-2_aB3",
        "a@b",
        "Zoë",
        "{####}",
        "{##x##}",
        "a.b",
    ),
    *(
        "Level1",
        "cognito:default",
        "terms-of-use",
        "import-1",
        "authenticated",
        "tkn" + "a" * 25,
        "us-west-2:0a-1",
        "ab12",
    ),
    *(
        "2f1cbb8e-1d7a-4b6e-9a5e-0c1d2e3f4a5b",
        "arn:aws:iam::1:role/x",
        "arn:aws:lambda:us-west-2:1:function:f",
        "a:::b",
    ),
    *("arn:aws:cognito:::x", "x" * 24, "x" * 64, "s" * 128, "https://a.example/b", "10.0.0.0/8", "1.0", "x y", ""),
]


@cache
def texts(constraint: Text) -> list[str]:
    """Samples that a constraint allows."""
    if constraint.values:
        return list(constraint.values)
    low, high = constraint.minimum or 0, constraint.maximum or 10_000
    fitting = [value for value in SAMPLES if low <= len(value) <= high]
    return [value for value in fitting if constraint.pattern is None or matcher(constraint.pattern)(value)]


def test_every_text_has_a_sample() -> None:
    for table in CONSTRAINTS.values():
        assert not [name for name, it in table.items() if isinstance(it, Text) and not texts(it)]


@cache
def documents(service: str, name: str) -> st.SearchStrategy[Any]:
    """Values that the model allows for a shape."""
    constraint: Constraint = CONSTRAINTS[service][name]
    match constraint:
        case Text():
            return st.sampled_from(texts(constraint))
        case Number(bits, low, high):
            limit = 1 << (bits - 1)
            return st.integers(-limit if low is None else low, limit - 1 if high is None else high)
        case Binary():
            return st.binary(max_size=9).map(lambda value: base64.b64encode(value).decode())
        case Plain("boolean"):
            return st.booleans()
        case Plain("timestamp"):
            return st.floats(0, 4e9, allow_nan=False)
        case Plain():
            return st.dictionaries(st.sampled_from(["id", "x"]), st.none() | st.integers() | st.just("Zoë"), max_size=2)
        case List(element, low, high):
            return st.lists(documents(service, element), min_size=low or 0, max_size=min(high or 3, (low or 0) + 2))
        case Map(key, value, low, high):
            pairs = documents(service, key), documents(service, value)
            return st.dictionaries(*pairs, min_size=low or 0, max_size=min(high or 3, 3))
        case Structure(members, required):
            parts = {wire: documents(service, part) for wire, part in members.items()}
            return st.fixed_dictionaries(
                {wire: parts[wire] for wire in required},
                optional={wire: part for wire, part in parts.items() if wire not in required},
            )


REQUESTS = [(service, operation.request) for (service, _), operation in sorted(OPERATIONS.items())]
VALID = st.sampled_from(REQUESTS).flatmap(lambda it: st.tuples(st.just(it[0]), st.just(it[1]), documents(*it)))
HOSTILE: list[Any] = [
    None,
    True,
    1.5,
    -1,
    10**30,
    "",
    "x" * 5000,
    "\ud800",
    " ",
    [],
    [None],
    {},
    {"": None},
    [[]],
    "a\x00",
]


@settings(max_examples=400, deadline=None)
@given(VALID)
def test_what_the_model_allows_survives_the_way_in_and_out(case: tuple[str, str, dict[str, Any]]) -> None:
    service, name, document = case
    request = checking.request(service, name, document)
    assert msgspec.json.decode(msgspec.json.encode(request)) == document


@settings(max_examples=600, deadline=None)
@given(VALID, st.data())
def test_a_damaged_request_is_refused_or_understood_but_never_a_surprise(
    case: tuple[str, str, dict[str, Any]], data: st.DataObject
) -> None:
    service, name, document = case
    place: Any = document
    while True:
        steps = sorted(place) if isinstance(place, dict) else list(range(len(place)))
        if not steps:
            return
        step = data.draw(st.sampled_from(steps))
        if not isinstance(place[step], dict | list) or data.draw(st.booleans()):
            break
        place = place[step]
    place[step] = data.draw(st.sampled_from(HOSTILE))
    try:
        checking.request(service, name, document)
    except (errors.InvalidParameter, errors.Serialization) as refused:
        refused.message.encode()


@pytest.mark.parametrize("service, name", REQUESTS)
def test_every_required_member_of_every_request_is_required(service: str, name: str) -> None:
    structure = CONSTRAINTS[service][name]
    assert isinstance(structure, Structure)
    if structure.required:
        message = refusal(name, {}, service)
        for wire_name in structure.required:
            assert f"Value null at '{wire_name[:1].lower() + wire_name[1:]}' failed" in message


def test_unknown_members_are_ignored() -> None:
    assert checking.request("cognito-idp", "CreateUserPoolRequest", {"PoolName": "people", "X": {"y": [1]}}) is not None
