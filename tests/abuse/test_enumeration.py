"""Who asks must not learn who exists: not by words, status, headers, shape, or the work that was done."""

import json
import statistics
import time
from typing import Any, Self

import pytest
from tests.sign_ins import People, refusal
from tests.tokens import access_token
from tests.world import World

from lido.flows import pool_options

HIDING = {"PreventUserExistenceErrors": "ENABLED"}
WRONG_CODE = ("CodeMismatch", "Invalid verification code provided, please try again.")
BIG_PUBLIC = "7" * 700


@pytest.fixture
def people(house: World) -> People:
    pool = {
        "AutoVerifiedAttributes": ["email"],
        "AliasAttributes": ["email"],
        "UsernameConfiguration": {"CaseSensitive": False},
    }
    people = People(house, pool=pool, **HIDING)
    people.alice(email="alice@example.com", email_verified="true")
    house.idp.admin_create_user(UserPoolId=people.pool_id, Username="invited", MessageAction="SUPPRESS")
    house.user(people.pool_id, "disabled", email="disabled@example.com", email_verified="true")
    house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="disabled")
    house.idp_unsigned.sign_up(
        ClientId=people.client_id,
        Username="unconfirmed",
        Password="Passw0rd!",
        UserAttributes=[{"Name": "email", "Value": "unconfirmed@example.com"}],
    )
    return people


EVERYBODY = ["alice", "alice@example.com", "invited", "disabled", "unconfirmed"]


def raw(house: World, operation: str, **members: Any) -> tuple[int, dict[str, str], Any]:
    headers = {
        "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
        "content-type": "application/x-amz-json-1.1",
    }
    status, answered, body = house.http("POST", "http://lido.test/", headers, json.dumps(members).encode())
    del answered["x-amzn-requestid"]
    return status, answered, json.loads(body or b"{}")


@pytest.mark.parametrize("username", EVERYBODY)
def test_a_wrong_password_says_of_everybody_what_it_says_of_nobody(people: People, username: str) -> None:
    def answer(name: str) -> Any:
        parameters = {"USERNAME": name, "PASSWORD": "Wr0ng-password!"}
        return raw(
            people.house,
            "InitiateAuth",
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=people.client_id,
            AuthParameters=parameters,
        )

    assert answer(username) == answer("nobody")


@pytest.mark.parametrize("username", ["alice", "invited", "disabled", "unconfirmed"])
def test_the_first_half_of_srp_has_one_shape_for_everybody_and_nobody(people: People, username: str) -> None:
    def shape(name: str) -> Any:
        status, headers, answer = raw(
            people.house,
            "InitiateAuth",
            AuthFlow="USER_SRP_AUTH",
            ClientId=people.client_id,
            AuthParameters={"USERNAME": name, "SRP_A": BIG_PUBLIC},
        )
        del headers["content-length"]
        parameters = answer["ChallengeParameters"]
        assert parameters["USER_ID_FOR_SRP"] == parameters["USERNAME"] == name
        return status, headers, sorted(answer), sorted(parameters), len(parameters["SECRET_BLOCK"])

    nobody = "x" * len(username)
    assert shape(username) == shape(nobody)


def test_the_case_of_a_typed_name_does_not_tell_a_user_from_nobody(people: People) -> None:
    def identity(name: str) -> str:
        parameters = people.initiate("USER_SRP_AUTH", USERNAME=name, SRP_A=BIG_PUBLIC)["ChallengeParameters"]
        return str(parameters["USER_ID_FOR_SRP"])

    assert identity("ALICE") == "alice"
    assert identity("NOBODY") == "nobody"


def test_nobodys_salt_is_stable_and_the_public_value_fresh(people: People) -> None:
    first, second = (
        people.initiate("USER_SRP_AUTH", USERNAME=name, SRP_A=BIG_PUBLIC)["ChallengeParameters"]
        for name in ("nobody", "Nobody")
    )
    assert first["SALT"] == second["SALT"]
    assert first["SRP_B"] != second["SRP_B"]


@pytest.mark.parametrize("named", ["nobody-else", "ALICE2", ""])
@pytest.mark.parametrize("username", ["alice", "nobody"])
def test_answering_under_another_name_fails_alike_for_users_and_nobody(
    people: People, username: str, named: str
) -> None:
    begun = people.initiate("USER_SRP_AUTH", USERNAME=username, SRP_A=BIG_PUBLIC)["ChallengeParameters"]
    answer = refusal(
        people.respond,
        "PASSWORD_VERIFIER",
        USERNAME=named or username,
        PASSWORD_CLAIM_SECRET_BLOCK=begun["SECRET_BLOCK"],
        PASSWORD_CLAIM_SIGNATURE="d3Jvbmc=",
        TIMESTAMP="Tue Nov 24 06:42:00 UTC 2026",
    )
    if named:
        assert answer == ("NotAuthorized", "Invalid session for the user.")
    else:
        assert answer == ("NotAuthorized", "Incorrect username or password.")


@pytest.mark.parametrize("username", ["nobody", "invited", "disabled", "unconfirmed"])
def test_a_forgotten_password_is_answered_for_everybody_in_one_shape(people: People, username: str) -> None:
    def details(name: str) -> dict[str, str]:
        answer = people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username=name)
        found: dict[str, str] = answer["CodeDeliveryDetails"]
        return found

    sent = len(people.house.messages())
    assert details(username) == details(username.upper())
    assert sorted(details(username)) == sorted(details("alice"))
    assert len(people.house.messages()) == sent + 1  # alice's


def test_where_no_sms_is_sent_nobody_seems_to_get_one(people: People) -> None:
    for number in range(20):
        answer = people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username=f"nobody{number}")
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"


@pytest.mark.parametrize("username", ["alice", "nobody", "invited", "unconfirmed"])
def test_a_wrong_reset_code_says_nothing_about_the_user(people: People, username: str) -> None:
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username=username)
    code = {
        "ClientId": people.client_id,
        "Username": username,
        "ConfirmationCode": "000000",
        "Password": "New-Passw0rd!",
    }
    assert refusal(people.house.idp_unsigned.confirm_forgot_password, **code) == WRONG_CODE


@pytest.mark.parametrize("username", [*EVERYBODY, "nobody"])
@pytest.mark.parametrize("operation", ["confirm_sign_up", "confirm_forgot_password", "resend_confirmation_code"])
def test_where_everything_is_hidden_no_code_operation_tells_anybody_apart(
    people: People, operation: str, username: str
) -> None:
    pool_options.set_for_pool(people.house.call(), people.pool_id, {"hide_users": "true"})
    people.house.clock.advance(days=2)  # codes have expired, budgets are fresh
    arguments = {"ClientId": people.client_id, "Username": username}
    if operation == "resend_confirmation_code":
        answer = people.house.idp_unsigned.resend_confirmation_code(**arguments)["CodeDeliveryDetails"]
        assert sorted(answer) == ["AttributeName", "DeliveryMedium", "Destination"]
        return
    arguments["ConfirmationCode"] = "000000"
    if operation == "confirm_forgot_password":
        arguments["Password"] = "New-Passw0rd!"
    assert refusal(getattr(people.house.idp_unsigned, operation), **arguments) == WRONG_CODE


def test_the_budget_of_nobody_is_that_of_somebody(people: People) -> None:
    def codes_until_refused(name: str) -> int:
        for count in range(30):
            status, _, _ = raw(people.house, "ForgotPassword", ClientId=people.client_id, Username=name)
            if status != 200:
                return count
        return 30

    assert codes_until_refused("nobody") == codes_until_refused("alice") < 30


def test_a_user_who_reads_little_is_refused_without_the_rest(house: World) -> None:
    people = People(house, ReadAttributes=["name"], WriteAttributes=["name"])
    people.alice(name="Alice", email="hidden@example.com", address="Hidden Street 1")
    token = access_token(house, people.pool_id, people.client_id, "alice")
    shown = house.idp_unsigned.get_user(AccessToken=token)
    refused = refusal(
        house.idp_unsigned.update_user_attributes,
        AccessToken=token,
        UserAttributes=[{"Name": "email", "Value": "other@example.com"}],
    )
    identity = people.initiate(USERNAME="alice", PASSWORD="Passw0rd!")["AuthenticationResult"]["IdToken"]
    import jwt

    said = json.dumps(
        [shown["UserAttributes"], refused.sentence, jwt.decode(identity, options={"verify_signature": False})]
    )
    assert "idden" not in said


class _Counting:
    """Counts what password hashing and the database are asked for."""

    def __init__(self, people: People) -> None:
        self.hashes = 0
        self._hashing = people.house.lido.hashing
        self._verify = self._hashing.verify

    def __enter__(self) -> Self:
        def verify(phc: str, password: str) -> bool:
            self.hashes += 1
            return self._verify(phc, password)

        self._hashing.verify = verify  # type: ignore[method-assign]
        return self

    def __exit__(self, *_: object) -> None:
        self._hashing.verify = self._verify  # type: ignore[method-assign]


@pytest.mark.parametrize("username", ["alice", "nobody", "invited", "disabled", "nobody@example.com"])
def test_a_wrong_password_costs_one_hash_whoever_is_meant(people: People, username: str) -> None:
    refusal(people.sign_in, "warming-up", "Wr0ng-password!")
    with _Counting(people) as counted:
        refusal(people.sign_in, username, "Wr0ng-password!")
    assert counted.hashes == 1


@pytest.mark.slow
@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_SRP_AUTH"])
def test_the_work_for_nobody_is_the_work_for_somebody(house: World, flow: str) -> None:
    people = People(house, **HIDING)
    names = [f"user{number:02}" for number in range(20)]
    for name in names:
        house.user(people.pool_id, name)

    def seconds(name: str) -> float:
        given = {"USERNAME": name, "SRP_A": BIG_PUBLIC, "PASSWORD": "Wr0ng-password!"}
        began = time.process_time()
        raw(house, "InitiateAuth", AuthFlow=flow, ClientId=people.client_id, AuthParameters=given)
        spent = time.process_time() - began
        house.clock.advance(minutes=1)
        return spent

    known, unknown = [], []
    for round_ in range(300):
        known.append(seconds(names[round_ % 20]))
        unknown.append(seconds(f"none{round_ % 20:02}"))
    middle, other = statistics.median(known), statistics.median(unknown)
    assert abs(middle - other) < 0.15 * max(middle, other)
