"""A passkey as second factor, as both at once, and as what nobody seems to have."""

import json
from itertools import islice

import pytest
from fido2.utils import websafe_decode
from tests.keyholders import MFA, NOT_VALID, TOTP, WRONG, Keyholders
from tests.passkeys import BE, UP, UV, Authenticator
from tests.sign_ins import refusal
from tests.world import FLOWS, PASSWORD

from lido.records import Factor
from lido.storage import users


@pytest.fixture
def people(house):
    return Keyholders(house)


def test_verification_of_the_user_is_demanded_where_the_pool_requires_it(house):
    people = Keyholders(house, UserVerification="required")
    options = people.start()
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert refusal(people.complete, Authenticator().create(options, flags=UP | BE | 0x40)) == NOT_VALID

    authenticator = people.register()
    assert refusal(people.enter, authenticator, flags=UP | BE) == WRONG
    assert people.enter(authenticator, flags=UP | UV | BE)["AuthenticationResult"]


def test_a_passkey_without_verification_is_enough_where_it_is_only_preferred(people):
    authenticator = people.register()

    assert people.enter(authenticator, flags=UP | BE)["AuthenticationResult"]


def test_a_passkey_is_both_factors_where_the_pool_says_so(house):
    people = Keyholders(house)
    people.configure("ON", TOTP, **MFA)
    authenticator = people.register()

    session, options = people.challenge()
    assert options["userVerification"] == "required"
    assert refusal(people.assert_with, session, authenticator.get(options, flags=UP | BE)) == WRONG
    assert people.enter(authenticator)["AuthenticationResult"]


def ask_for_a_passkey_after_the_password(people):
    with people.house.database.write() as tx:
        now = people.house.clock.now()
        users.set_factors(tx, people.pool_id, people.sub(), add=Factor.PASSKEY_MFA, remove=0, now=now)


def test_a_passkey_is_the_second_factor_of_whoever_wants_it(people):
    people.configure("OPTIONAL", TOTP, **MFA)
    authenticator = people.register()
    ask_for_a_passkey_after_the_password(people)

    asked = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    assert asked["ChallengeName"] == "WEB_AUTHN"
    assert "AuthenticationResult" not in asked
    unverified = authenticator.get(options, flags=UP | BE)
    assert refusal(people.assert_with, asked["Session"], unverified) == WRONG
    asked = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)
    options = json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])
    assert people.assert_with(asked["Session"], authenticator.get(options))["AuthenticationResult"]


def test_with_the_last_passkey_the_second_factor_goes(people):
    people.configure("OPTIONAL", TOTP, **MFA)
    first, last = people.register(), people.register()
    ask_for_a_passkey_after_the_password(people)

    people.delete(first.id)
    assert people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["ChallengeName"] == "WEB_AUTHN"
    people.delete(last.id)
    assert people.sign_in()


def test_a_name_that_leads_to_nobody_seems_to_have_a_passkey(house):
    people = Keyholders(house)
    people.register()
    house.idp.update_user_pool_client(
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        ExplicitAuthFlows=[*FLOWS, "ALLOW_USER_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    first, second = islice(people.strangers("WEB_AUTHN"), 2)

    (session, options), (_, again), (_, other), (_, real) = (
        people.challenge(name) for name in (first, first, second, "alice")
    )
    assert options.keys() == real.keys()
    assert options["allowCredentials"] == again["allowCredentials"] != other["allowCredentials"]
    assert options["challenge"] != again["challenge"]
    pretended, *_ = options["allowCredentials"]
    assert {"id", "type"} <= pretended.keys() <= real["allowCredentials"][0].keys()
    forged = Authenticator(credential_id=websafe_decode(pretended["id"]))
    assert refusal(people.assert_with, session, forged.get(options), first) == WRONG


def test_nobody_seems_to_have_one_passkey_or_several(house):
    people = Keyholders(house)
    house.idp.update_user_pool_client(
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        ExplicitAuthFlows=[*FLOWS, "ALLOW_USER_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    lists = [people.challenge(name)[1]["allowCredentials"] for name in islice(people.strangers("WEB_AUTHN"), 60)]

    assert {1, 2} <= {len(found) for found in lists}
    assert all(found == sorted(found, key=lambda passkey: passkey["id"]) for found in lists)
    assert len({passkey["id"] for found in lists for passkey in found}) == sum(map(len, lists))
