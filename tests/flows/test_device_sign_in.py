"""Signing in on a device that is remembered: it stands for the second factor, of its own user and while it is known."""

from base64 import b64encode
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pycognito.aws_srp import long_to_hex
from tests.authenticators import App
from tests.remembered import NONE, Gadget, Remembering, device_of, outcome
from tests.sign_ins import claims, refusal
from tests.world import PASSWORD, World

from lido.rules import srp

INVALID = ("NotAuthorized", "Invalid session for the user.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")
WRONG = ("NotAuthorized", "Incorrect username or password.")
NO_REFRESH = ("NotAuthorized", "Invalid Refresh Token")
STRANGE_KEY = "us-east-1_00000000-0000-4000-8000-000000000000"


@pytest.fixture
def people(house: World) -> Remembering:
    return Remembering(house)


@pytest.fixture
def gadget(people: Remembering) -> Gadget:
    """A remembered device of alice, who has no second factor yet."""
    return people.gadget()[1]


@pytest.fixture
def app(people: Remembering, gadget: Gadget) -> App:
    """The authenticator that alice is asked for from now on."""
    return people.enrol(people.sign_in()["AccessToken"])


def asked(people: Remembering, gadget: Gadget) -> str:
    """The session of DEVICE_SRP_AUTH."""
    answer = people.named(gadget)
    assert answer["ChallengeName"] == "DEVICE_SRP_AUTH"
    return str(answer["Session"])


def last_seen(people: Remembering) -> float:
    return float(people.devices()[0]["DeviceLastAuthenticatedDate"].timestamp())


def test_a_remembered_device_is_asked_instead_of_the_second_factor(
    people: Remembering, gadget: Gadget, app: App
) -> None:
    answer = people.named(gadget)
    assert answer["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert answer["ChallengeParameters"] == {"USERNAME": "alice", "DEVICE_KEY": gadget.key}

    tokens = people.prove(gadget, answer["Session"])

    assert device_of(tokens) == gadget.key
    assert "NewDeviceMetadata" not in tokens
    assert last_seen(people) == people.house.clock.now() // 1000


def test_the_second_half_says_what_its_proof_is_over(people: Remembering, gadget: Gadget) -> None:
    answer = people.ask(asked(people, gadget), people.half(gadget))

    told = answer["ChallengeParameters"]
    assert answer["ChallengeName"] == "DEVICE_PASSWORD_VERIFIER"
    assert set(told) == {"SALT", "SRP_B", "SECRET_BLOCK", "USERNAME", "DEVICE_KEY"}
    assert (told["USERNAME"], told["DEVICE_KEY"]) == ("alice", gadget.key)


def test_without_the_key_the_second_factor_is_asked_for(people: Remembering, gadget: Gadget, app: App) -> None:
    assert people.challenged()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert people.enter(app)["NewDeviceMetadata"]["DeviceKey"] != gadget.key


def test_a_key_without_its_password_leads_nowhere(people: Remembering, gadget: Gadget, app: App) -> None:
    stolen = Gadget({"DeviceKey": gadget.key, "DeviceGroupKey": gadget.group_key})
    session = asked(people, gadget)

    assert refusal(people.prove, stolen, session) == WRONG
    assert device_of(people.prove(gadget, session)) == gadget.key


def test_wrong_device_passwords_lock_the_account_as_wrong_passwords_do(
    people: Remembering, gadget: Gadget, app: App
) -> None:
    stolen = Gadget({"DeviceKey": gadget.key, "DeviceGroupKey": gadget.group_key})
    session = asked(people, gadget)

    assert [refusal(people.prove, stolen, session) for _ in range(5)] == [WRONG] * 5
    assert refusal(people.prove, gadget, session) == ("NotAuthorized", "Password attempts exceeded")


def test_where_it_does_not_stand_for_a_factor_a_device_is_asked_after_it(house: World) -> None:
    people = Remembering(house, suppress=False)
    _, gadget = people.gadget()
    plain = people.named(gadget)
    assert plain["ChallengeName"] == "DEVICE_SRP_AUTH"
    app = people.enrol(people.prove(gadget, plain["Session"])["AccessToken"])

    answer = people.named(gadget)
    assert answer["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    answer = people.respond(
        "SOFTWARE_TOKEN_MFA", answer["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=app.code()
    )

    assert answer["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert device_of(people.prove(gadget, answer["Session"])) == gadget.key


def test_a_device_that_is_not_remembered_stands_for_nothing_and_keeps_its_name(
    people: Remembering, gadget: Gadget, app: App
) -> None:
    people.house.idp.admin_update_device_status(
        UserPoolId=people.pool_id, Username="alice", DeviceKey=gadget.key, DeviceRememberedStatus="not_remembered"
    )

    answer = people.named(gadget)
    assert answer["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    tokens = people.finish(answer["Session"], app.code())
    assert (device_of(tokens), "NewDeviceMetadata" in tokens) == (gadget.key, False)


def test_beginning_with_an_unknown_key_makes_a_new_device(people: Remembering, gadget: Gadget) -> None:
    answer = people.initiate(USERNAME="alice", PASSWORD=PASSWORD, DEVICE_KEY=STRANGE_KEY)
    assert answer["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"] not in (STRANGE_KEY, gadget.key)


def test_answering_with_an_unknown_key_is_refused_and_costs_nothing(people: Remembering, gadget: Gadget) -> None:
    half = people.srp()
    begun = people.initiate("USER_SRP_AUTH", USERNAME="alice", SRP_A=long_to_hex(half.large_a_value))
    given = half.process_challenge(begun["ChallengeParameters"], {"USERNAME": "alice"})

    assert refusal(people.respond, "PASSWORD_VERIFIER", **given, DEVICE_KEY=STRANGE_KEY) == NONE
    assert "NewDeviceMetadata" in people.respond("PASSWORD_VERIFIER", **given)["AuthenticationResult"]


def test_a_stranger_with_a_key_is_refused_like_a_user_with_an_unknown_one(people: Remembering) -> None:
    people.client_id = people.house.app(people.pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    half = people.srp("nobody")
    begun = people.initiate("USER_SRP_AUTH", USERNAME="nobody", SRP_A=long_to_hex(half.large_a_value))
    given = half.process_challenge(begun["ChallengeParameters"], {"USERNAME": "nobody"})

    assert refusal(people.respond, "PASSWORD_VERIFIER", **given, DEVICE_KEY=STRANGE_KEY) == NONE
    assert refusal(people.respond, "PASSWORD_VERIFIER", **given) == WRONG


def test_a_key_of_somebody_else_is_unknown(people: Remembering, gadget: Gadget, app: App) -> None:
    people.house.user(people.pool_id, "mallory")
    _, mallorys = people.gadget("mallory")

    assert people.named(mallorys)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    session = asked(people, gadget)
    assert refusal(people.ask, session, people.half(mallorys)) == INVALID
    assert refusal(people.ask, session, people.half(gadget), USERNAME="mallory") == INVALID


def test_somebody_elses_session_or_block_is_refused(people: Remembering, gadget: Gadget, app: App) -> None:
    people.house.user(people.pool_id, "mallory")
    _, mallorys = people.gadget("mallory")
    theirs = people.named(mallorys, "mallory")["Session"]
    half = people.half(mallorys, "mallory")
    block = people.ask(theirs, half, USERNAME="mallory")["ChallengeParameters"]

    assert refusal(people.ask, theirs, people.half(gadget)) == INVALID
    given = half.process_device_challenge(block) | {"USERNAME": "alice"}
    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == INVALID
    other = people.house.app(people.pool_id)["ClientId"]
    given = half.process_device_challenge(block)
    people.client_id = other
    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == INVALID


def test_a_device_proves_nothing_before_the_password(people: Remembering, gadget: Gadget, app: App) -> None:
    """A block of the password's exchange, and sessions of other steps, are no way to the device's."""
    half = people.half(gadget)
    begun = people.initiate(
        "USER_SRP_AUTH", USERNAME="alice", SRP_A=long_to_hex(half.large_a_value), DEVICE_KEY=gadget.key
    )
    given = half.process_device_challenge(begun["ChallengeParameters"] | {"USERNAME": "alice"})
    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == INVALID
    assert refusal(people.ask, people.challenged()["Session"], half) == INVALID
    assert refusal(people.respond, "DEVICE_SRP_AUTH", USERNAME="alice", DEVICE_KEY=gadget.key, SRP_A="02").name == (
        "InvalidParameter"
    )


def test_the_proof_of_a_device_is_good_once(people: Remembering, gadget: Gadget, app: App) -> None:
    half = people.half(gadget)
    told = people.ask(asked(people, gadget), half)["ChallengeParameters"]
    given = half.process_device_challenge(told)

    people.respond("DEVICE_PASSWORD_VERIFIER", **given)

    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == USED


def test_of_parallel_answers_with_one_proof_one_gets_in(people: Remembering, gadget: Gadget, app: App) -> None:
    half = people.half(gadget)
    given = half.process_device_challenge(people.ask(asked(people, gadget), half)["ChallengeParameters"])

    with ThreadPoolExecutor(5) as pool:
        outcomes = Counter(pool.map(lambda _: outcome(people.respond, "DEVICE_PASSWORD_VERIFIER", **given), range(5)))

    assert outcomes == {"in": 1, "NotAuthorized": 4}


@pytest.mark.parametrize("value", ["", "0", f"{srp.N:x}", "xyz", "0" * 771])
def test_a_bad_first_half_is_refused_and_may_be_given_again(people: Remembering, gadget: Gadget, value: str) -> None:
    session = asked(people, gadget)

    assert refusal(people.ask, session, people.half(gadget), SRP_A=value).name == "InvalidParameter"
    assert device_of(people.prove(gadget, session)) == gadget.key


@pytest.mark.parametrize("lacking", ["PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP", "PASSWORD_CLAIM_SECRET_BLOCK"])
def test_an_answer_that_lacks_something_is_refused(people: Remembering, gadget: Gadget, lacking: str) -> None:
    session = asked(people, gadget)
    assert refusal(people.prove, gadget, session, **{lacking: ""}).name == "InvalidParameter"


def test_a_device_dies_when_it_is_forgotten_at_every_step(people: Remembering, gadget: Gadget, app: App) -> None:
    session = asked(people, gadget)
    half = people.half(gadget)
    given = half.process_device_challenge(people.ask(session, half)["ChallengeParameters"])
    people.forget(gadget)

    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == NONE
    assert refusal(people.ask, session, half) == NONE
    assert people.named(gadget)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_device_that_stops_being_remembered_does_not_finish(people: Remembering, gadget: Gadget, app: App) -> None:
    half = people.half(gadget)
    given = half.process_device_challenge(people.ask(asked(people, gadget), half)["ChallengeParameters"])
    people.house.idp.admin_update_device_status(
        UserPoolId=people.pool_id, Username="alice", DeviceKey=gadget.key, DeviceRememberedStatus="not_remembered"
    )

    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == INVALID


def test_a_new_password_ends_what_was_under_way_and_keeps_the_device(
    people: Remembering, gadget: Gadget, app: App
) -> None:
    session = asked(people, gadget)
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password=PASSWORD, Permanent=True
    )

    assert refusal(people.ask, session, people.half(gadget)) == INVALID
    assert people.named(gadget)["ChallengeName"] == "DEVICE_SRP_AUTH"


def test_where_a_new_password_ends_sessions_it_forgets_devices(people: Remembering, gadget: Gadget, app: App) -> None:
    people.option(password_change_ends_sessions="true")
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password=PASSWORD, Permanent=True
    )

    assert people.devices() == []
    assert people.named(gadget)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_a_disabled_user_gets_in_on_no_device(people: Remembering, gadget: Gadget, app: App) -> None:
    half = people.half(gadget)
    given = half.process_device_challenge(people.ask(asked(people, gadget), half)["ChallengeParameters"])
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")

    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given).name == "NotAuthorized"
    assert refusal(people.named, gadget) == ("NotAuthorized", "User is disabled.")


def test_operators_sign_people_in_on_their_devices_too(people: Remembering, gadget: Gadget, app: App) -> None:
    admin = people.house.idp.admin_respond_to_auth_challenge
    where = {"UserPoolId": people.pool_id, "ClientId": people.client_id}
    begun = people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD, DEVICE_KEY=gadget.key)
    half = people.half(gadget)
    first = {"USERNAME": "alice", "DEVICE_KEY": gadget.key, "SRP_A": long_to_hex(half.large_a_value)}
    told = admin(**where, ChallengeName="DEVICE_SRP_AUTH", Session=begun["Session"], ChallengeResponses=first)
    given = half.process_device_challenge(told["ChallengeParameters"])

    # What an operator began nobody else goes on with.
    assert refusal(people.respond, "DEVICE_PASSWORD_VERIFIER", **given) == INVALID
    answer = admin(**where, ChallengeName="DEVICE_PASSWORD_VERIFIER", ChallengeResponses=given)
    assert device_of(answer["AuthenticationResult"]) == gadget.key


def test_the_published_device_gets_in(people: Remembering) -> None:
    """The client half of the published vector: password of bytes 0 to 39, salt of sixteen 0x77."""
    tokens, gadget = people.enter_on_new()
    gadget.password = b64encode(bytes(range(40))).decode()
    salt = b"\x77" * 16
    verifier = srp.verifier(srp.x(gadget.group_key, gadget.key, gadget.password, salt))
    gadget.config = {
        "Salt": b64encode(salt).decode(),
        "PasswordVerifier": b64encode(srp.pad(verifier)).decode(),
    }
    people.confirm(tokens, gadget)

    assert device_of(people.prove(gadget, asked(people, gadget))) == gadget.key


def test_a_session_on_a_confirmed_device_is_continued_with_its_key_only(people: Remembering) -> None:
    tokens, gadget = people.gadget()
    refresh = tokens["RefreshToken"]

    assert refusal(people.refresh, refresh) == NO_REFRESH
    assert refusal(people.refresh, refresh, DEVICE_KEY=STRANGE_KEY) == NO_REFRESH
    assert device_of(people.refresh(refresh, DEVICE_KEY=gadget.key)) == gadget.key
    assert refusal(people.rotate, refresh) == NO_REFRESH
    assert device_of(people.rotate(refresh, DeviceKey=gadget.key)) == gadget.key


def test_a_session_on_a_device_that_was_not_confirmed_needs_no_key(people: Remembering) -> None:
    tokens, gadget = people.enter_on_new()

    assert device_of(people.refresh(tokens["RefreshToken"])) == gadget.key
    people.confirm(tokens, gadget)
    assert refusal(people.refresh, tokens["RefreshToken"]) == NO_REFRESH


def test_a_missing_key_uses_up_no_rotating_token(people: Remembering) -> None:
    people.client_id = people.house.app(
        people.pool_id,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )["ClientId"]
    tokens, gadget = people.gadget()

    assert refusal(people.rotate, tokens["RefreshToken"]) == NO_REFRESH
    rotated = people.rotate(tokens["RefreshToken"], DeviceKey=gadget.key)
    assert rotated["RefreshToken"] != tokens["RefreshToken"]


def test_what_an_operators_sign_in_gave_is_continued_with_the_key_too(people: Remembering) -> None:
    tokens = people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD)["AuthenticationResult"]
    gadget = Gadget(tokens["NewDeviceMetadata"])
    people.confirm(tokens, gadget)
    admin: Any = people.admin_initiate

    assert refusal(admin, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"]) == NO_REFRESH
    answer = admin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"], DEVICE_KEY=gadget.key)
    assert claims(answer["AuthenticationResult"]["AccessToken"])["device_key"] == gadget.key
