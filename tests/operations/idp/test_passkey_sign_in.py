"""Signing in with a passkey: which assertions let somebody in, and how often."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from fido2.utils import websafe_decode, websafe_encode
from tests.keyholders import NOT_VALID, WRONG, Keyholders
from tests.passkeys import BE, UP, UV, Authenticator
from tests.sign_ins import claims, refusal
from tests.world import PASSWORD


@pytest.fixture
def people(house):
    return Keyholders(house)


@pytest.mark.parametrize("algorithm", [-7, -257, -8])
def test_a_passkey_signs_in(people, algorithm):
    authenticator = people.register(Authenticator(algorithm=algorithm))

    session, options = people.challenge()
    challenge = options.pop("challenge")
    result = people.assert_with(session, authenticator.get({**options, "challenge": challenge}))["AuthenticationResult"]

    assert len(websafe_decode(challenge)) == 32
    assert options == {
        "rpId": "example.com",
        "timeout": 180_000,
        "userVerification": "preferred",
        "allowCredentials": [{"type": "public-key", "id": authenticator.id, "transports": ["hybrid", "internal"]}],
    }
    assert claims(result["AccessToken"])["username"] == "alice"
    assert people.house.idp_unsigned.get_user(AccessToken=result["AccessToken"])["Username"] == "alice"


def test_a_passkey_is_offered_once_there_is_one(people):
    before = people.initiate("USER_AUTH", USERNAME="alice")["AvailableChallenges"]
    people.register()
    after = people.initiate("USER_AUTH", USERNAME="alice")["AvailableChallenges"]

    assert ("WEB_AUTHN" in before, "WEB_AUTHN" in after) == (False, True)


def test_it_signs_in_again_and_again_while_its_counter_goes_on(people):
    authenticator = people.register()

    for _ in range(3):
        assert people.enter(authenticator)["AuthenticationResult"]


def test_a_passkey_that_does_not_count_signs_in_again_and_again(people):
    authenticator = people.register(Authenticator(counts=False))

    for _ in range(3):
        assert people.enter(authenticator)["AuthenticationResult"]


SPOILT = {
    "another ceremony": {"client": {"type": "webauthn.create"}},
    "a challenge of somebody's own": {"client": {"challenge": websafe_encode(bytes(32))}},
    "origin with a prefix": {"client": {"origin": "https://evil-example.com"}},
    "origin with a suffix": {"client": {"origin": "https://example.com.evil"}},
    "port": {"client": {"origin": "https://example.com:8443"}},
    "scheme": {"client": {"origin": "http://example.com"}},
    "a frame": {"client": {"crossOrigin": True}},
    "a frame of a named page": {"client": {"topOrigin": "https://example.com"}},
    "relying party": {"rp_id": "example.org"},
    "nobody there": {"flags": UV | BE},
    "backup state without eligibility": {"flags": UP | UV | 0x10},
    "changed eligibility": {"flags": UP | UV},
    "user handle": {"user_handle": b"bob"},
    "signature": {"signature": b"\0" * 70},
    "no signature": {"signature": b""},
}


def test_an_assertion_that_does_not_fit_signs_nobody_in(people):
    authenticator = people.register()

    refused = {name: refusal(people.enter, authenticator, **spoilt) for name, spoilt in SPOILT.items()}

    assert refused == dict.fromkeys(SPOILT, WRONG)
    assert people.sessions() == 1
    assert people.enter(authenticator)["AuthenticationResult"]


def test_a_wrong_assertion_ends_the_sign_in(people):
    authenticator = people.register()
    session, options = people.challenge()

    assert refusal(people.assert_with, session, authenticator.get(options, signature=b"")) == WRONG
    assert refusal(people.assert_with, session, authenticator.get(options)).name == "NotAuthorized"


def test_a_counter_that_went_back_is_refused_and_told(people):
    authenticator = people.register()
    people.enter(authenticator, count=7)

    for count in (7, 6, 0):
        assert refusal(people.enter, authenticator, count=count) == WRONG
        assert people.events()[-2:] == ["passkey_copied", "refused"]
    assert people.enter(authenticator, count=8)["AuthenticationResult"]


def test_an_assertion_is_good_once(people):
    authenticator = people.register(Authenticator(counts=False))
    session, options = people.challenge()
    credential = authenticator.get(options)
    people.assert_with(session, credential)

    assert refusal(people.assert_with, session, credential).name == "NotAuthorized"
    fresh, _ = people.challenge()
    assert refusal(people.assert_with, fresh, credential) == WRONG


@pytest.mark.parametrize("counts", [True, False])
def test_an_assertion_used_many_times_at_once_is_good_once(people, counts):
    authenticator = people.register(Authenticator(counts=counts))
    session, options = people.challenge()
    credential = authenticator.get(options)

    def enter(_):
        try:
            return people.assert_with(session, credential)["AuthenticationResult"]
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(enter, range(8)))

    assert outcomes.count("NotAuthorizedException") == 7


def test_two_sessions_of_one_counter_let_one_in(people):
    """A copied key that answers with the count of the first."""
    authenticator = people.register()
    begun = [people.challenge() for _ in range(2)]
    credentials = [authenticator.get(options, count=5) for _, options in begun]

    assert people.assert_with(begun[0][0], credentials[0])["AuthenticationResult"]
    assert refusal(people.assert_with, begun[1][0], credentials[1]) == WRONG


def test_another_users_passkey_signs_nobody_in(people):
    bob = people.bob()
    people.register()
    other = people.register(token=bob)

    assert refusal(people.enter, other) == WRONG
    session, options = people.challenge()
    assert refusal(people.assert_with, session, other.get(options, user_handle=people.sub().encode())) == WRONG
    assert refusal(people.assert_with, session, other.get(options), "bob").name == "NotAuthorized"


def test_a_passkey_of_another_pool_signs_nobody_in(house, people):
    elsewhere = Keyholders(house)
    other = elsewhere.register()
    people.register()

    assert refusal(people.enter, other) == WRONG
    session, options = elsewhere.challenge()
    assert refusal(people.assert_with, session, other.get(options)).name == "NotAuthorized"


def test_a_deleted_passkey_signs_nobody_in(people):
    authenticator, kept = people.register(), people.register()
    session, options = people.challenge()
    people.delete(authenticator.id)

    assert refusal(people.assert_with, session, authenticator.get(options)) == WRONG
    assert people.enter(kept)["AuthenticationResult"]


def test_a_disabled_user_does_not_get_in_by_passkey(people):
    authenticator = people.register()
    session, options = people.challenge()
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")

    assert refusal(people.assert_with, session, authenticator.get(options)).name == "NotAuthorized"
    assert refusal(people.enter, authenticator) == ("NotAuthorized", "User is disabled.")


def test_wrong_passwords_of_others_do_not_keep_a_passkey_out(people):
    authenticator = people.register()
    for _ in range(6):
        refusal(people.initiate, USERNAME="alice", PASSWORD="Wr0ng-password!")

    assert refusal(people.initiate, USERNAME="alice", PASSWORD=PASSWORD).sentence == "Password attempts exceeded"
    assert people.enter(authenticator)["AuthenticationResult"]


def test_a_malformed_assertion_leaves_the_step_good(people):
    authenticator = people.register()
    session, options = people.challenge()

    for text in ("{}", "null", "[", "x", '{"id": "eA", "type": "public-key", "response": {}}'):
        assert refusal(people.assert_with, session, text) == NOT_VALID
    assert people.assert_with(session, authenticator.get(options))["AuthenticationResult"]


def test_an_assertion_is_asked_for(people):
    people.register()
    session, _ = people.challenge()

    assert refusal(people.respond, "WEB_AUTHN", session, USERNAME="alice") == (
        "InvalidParameter",
        "Missing required parameter CREDENTIAL",
    )
