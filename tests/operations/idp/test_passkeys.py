"""Passkeys over the API: registered with an access token, listed, deleted, and signed in with."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from botocore.exceptions import ClientError
from fido2.utils import websafe_decode, websafe_encode
from tests.passkeys import BE, UP, UV, Authenticator
from tests.sign_ins import People, claims, refusal
from tests.world import FLOWS, PASSWORD

from lido.flows.chores import Chores, table
from lido.records import Factor
from lido.storage import users

POLICIES = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
MFA = {"RelyingPartyId": "example.com", "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION"}
NOT_VALID = ("InvalidParameter", "Credential data is not valid")
WRONG = ("NotAuthorized", "Incorrect username or password.")


class Keyholders(People):
    """People of a pool that lets passkeys in."""

    def __init__(self, house, *, rp_id="example.com", policies=POLICIES, **webauthn):
        super().__init__(house, pool={"Policies": policies}, ExplicitAuthFlows=[*FLOWS, "ALLOW_USER_AUTH"])
        self.configure(RelyingPartyId=rp_id, **webauthn)
        self.alice()
        self.token = self.sign_in()["AccessToken"]

    def configure(self, mfa="OFF", factors=None, **webauthn):
        self.house.idp.set_user_pool_mfa_config(
            UserPoolId=self.pool_id, MfaConfiguration=mfa, WebAuthnConfiguration=webauthn, **(factors or {})
        )

    def start(self, token=None):
        started = self.house.idp_unsigned.start_web_authn_registration(AccessToken=token or self.token)
        return started["CredentialCreationOptions"]

    def complete(self, credential, token=None):
        self.house.idp_unsigned.complete_web_authn_registration(AccessToken=token or self.token, Credential=credential)

    def register(self, authenticator=None, token=None):
        authenticator = authenticator or Authenticator()
        self.complete(authenticator.create(self.start(token)), token)
        return authenticator

    def passkeys(self, token=None, **page):
        return self.house.idp_unsigned.list_web_authn_credentials(AccessToken=token or self.token, **page)

    def delete(self, credential_id, token=None):
        self.house.idp_unsigned.delete_web_authn_credential(AccessToken=token or self.token, CredentialId=credential_id)

    def challenge(self, username="alice"):
        """The session and the options of a passkey's challenge."""
        asked = self.initiate("USER_AUTH", USERNAME=username, PREFERRED_CHALLENGE="WEB_AUTHN")
        assert asked["ChallengeName"] == "WEB_AUTHN"
        return asked["Session"], json.loads(asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"])

    def assert_with(self, session, credential, username="alice"):
        answer = credential if isinstance(credential, str) else json.dumps(credential)
        return self.respond("WEB_AUTHN", session, USERNAME=username, CREDENTIAL=answer)

    def enter(self, authenticator, username="alice", **spoilt):
        session, options = self.challenge(username)
        return self.assert_with(session, authenticator.get(options, **spoilt), username)

    def bob(self):
        self.house.user(self.pool_id, "bob")
        return self.sign_in("bob")["AccessToken"]


@pytest.fixture
def people(house):
    return Keyholders(house)


def test_the_options_of_a_registration(people):
    sub = people.sub()
    options = people.start()
    challenge = options.pop("challenge")

    assert len(websafe_decode(challenge)) == 16
    assert options == {
        "rp": {"id": "example.com", "name": "example.com"},
        "user": {"id": websafe_encode(sub.encode()), "name": "alice", "displayName": "alice"},
        "pubKeyCredParams": [{"type": "public-key", "alg": number} for number in (-7, -257, -8)],
        "timeout": 60_000,
        "excludeCredentials": [],
        "authenticatorSelection": {
            "requireResidentKey": True,
            "residentKey": "required",
            "userVerification": "preferred",
        },
    }
    assert people.start()["challenge"] != challenge


def test_a_registered_passkey_is_listed(people):
    authenticator = people.register()

    (described,) = people.passkeys()["Credentials"]
    assert described.pop("CreatedAt").timestamp() == people.house.clock.now() / 1000
    assert described == {
        "CredentialId": authenticator.id,
        "FriendlyCredentialName": "Passkey",
        "RelyingPartyId": "example.com",
        "AuthenticatorAttachment": "platform",
        "AuthenticatorTransports": ["hybrid", "internal"],
    }
    assert people.events()[-1] == "passkey_added"
    assert people.start()["excludeCredentials"] == [{"type": "public-key", "id": authenticator.id}]


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


def test_passkeys_must_be_allowed(house):
    people = Keyholders(house, policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]}})

    assert refusal(people.start).name == "WebAuthnNotEnabled"
    assert refusal(people.complete, {}).name == "WebAuthnNotEnabled"
    people.configure("OPTIONAL", TOTP, **MFA)
    people.register()


def test_without_a_relying_party_id_it_is_the_host_of_the_public_url(house):
    people = Keyholders(house)
    people.configure()

    assert people.start()["rp"]["id"] == "localhost"
    people.register(Authenticator(origin="http://localhost:3000"))


def test_an_address_or_a_url_is_no_relying_party_id(people):
    for rp_id in ("192.0.2.7", "https://example.com", "example.com/x", "::1"):
        people.configure(RelyingPartyId=rp_id)
        assert refusal(people.start).name == "WebAuthnConfigurationMissing"


def test_a_registration_must_have_been_started(people):
    credential = Authenticator().create(people.start())
    people.complete(credential)

    assert refusal(people.complete, credential).name == "WebAuthnChallengeNotFound"


def test_a_registration_expires(people):
    credential = Authenticator().create(people.start())
    people.house.clock.advance(seconds=300)

    assert refusal(people.complete, credential).name == "WebAuthnChallengeNotFound"


def test_a_new_registration_ends_the_one_before(people):
    credential = Authenticator().create(people.start())
    people.start()

    assert refusal(people.complete, credential).name == "WebAuthnChallengeNotFound"


def test_a_registration_under_way_is_swept_away(people):
    people.start()
    people.house.clock.advance(seconds=300)
    Chores(people.house.call, table(event_retention_days=90, message_retention_days=7), holder="a").run_due()

    with people.house.database.read() as tx:
        assert tx.rows("SELECT id FROM challenges") == []


def test_a_registration_belongs_to_its_user(people):
    bob = people.bob()
    options = people.start()

    assert refusal(people.complete, Authenticator().create(options), bob).name == "WebAuthnChallengeNotFound"
    people.start(bob)
    assert refusal(people.complete, Authenticator().create(options), bob).name == "WebAuthnChallengeNotFound"


def test_a_registration_belongs_to_its_client(people):
    credential = Authenticator().create(people.start())
    other = people.house.app(people.pool_id, ClientName="other")
    people.client_id = other["ClientId"]

    assert refusal(people.complete, credential, people.sign_in()["AccessToken"]).name == "WebAuthnClientMismatch"


def test_a_changed_relying_party_ends_registrations_and_hides_passkeys(people):
    people.register()
    credential = Authenticator().create(people.start())
    people.configure(RelyingPartyId="example.org")

    assert refusal(people.complete, credential).name == "WebAuthnRelyingPartyMismatch"
    assert people.challenge()[1]["allowCredentials"] == []


UNFIT = [
    ({"client": {"type": "webauthn.get"}}, "InvalidParameter"),
    ({"client": {"challenge": websafe_encode(bytes(16))}}, "WebAuthnChallengeNotFound"),
    ({"client": {"origin": "https://evil-example.com"}}, "WebAuthnOriginNotAllowed"),
    ({"client": {"crossOrigin": True}}, "WebAuthnOriginNotAllowed"),
    ({"rp_id": "example.org"}, "WebAuthnRelyingPartyMismatch"),
    ({"flags": UV | BE | 0x40}, "InvalidParameter"),
    ({"public_key": b"\xa1\x03\x38\x22"}, "WebAuthnCredentialNotSupported"),
    ({"attestation": b"\xbf\xff"}, "InvalidParameter"),
    ({"clientExtensionResults": {"credProps": {"rk": False}}}, "InvalidParameter"),
]


def test_a_credential_that_does_not_fit_is_not_stored(people):
    options = people.start()

    for spoilt, name in UNFIT:
        assert refusal(people.complete, Authenticator().create(options, **spoilt)).name == name
    assert people.passkeys()["Credentials"] == []
    people.complete(Authenticator().create(options))


def test_a_port_and_an_app_are_allowed_by_name(people):
    app = "android:apk-key-hash:" + "A" * 43
    with pytest.raises(ClientError):
        people.register(Authenticator(origin="https://example.com:8443"))

    arn = people.house.idp.describe_user_pool(UserPoolId=people.pool_id)["UserPool"]["Arn"]
    tag = {"lido:passkey_origins": f"https://example.com:8443 {app}"}
    people.house.idp.tag_resource(ResourceArn=arn, Tags=tag)

    people.register(Authenticator(origin="https://example.com:8443"))
    people.register(Authenticator(origin=app))


def test_a_credential_id_belongs_to_one_user_of_the_pool(house, people):
    bob = people.bob()
    people.register(Authenticator(credential_id=b"the same"))

    for token in (bob, people.token):
        credential = Authenticator(credential_id=b"the same").create(people.start(token))
        assert refusal(people.complete, credential, token) == NOT_VALID
    assert people.passkeys(bob)["Credentials"] == []
    assert Keyholders(house).register(Authenticator(credential_id=b"the same"))


def test_a_user_has_at_most_twenty_passkeys(people):
    for number in range(19):
        people.register(Authenticator(credential_id=bytes([number])))
    credential = Authenticator().create(people.start())
    people.complete(credential)

    assert refusal(people.start).name == "LimitExceeded"
    people.delete(websafe_encode(b"\0"))
    late = Authenticator().create(people.start())
    people.complete(late)
    assert len(people.passkeys()["Credentials"]) == 20


def test_pages_show_every_passkey_once(people):
    made = {people.register(Authenticator(credential_id=bytes([number]))).id for number in range(5)}

    shown, page = [], people.passkeys(MaxResults=2)
    while page.get("NextToken"):
        shown += [each["CredentialId"] for each in page["Credentials"]]
        page = people.passkeys(MaxResults=2, NextToken=page["NextToken"])
    shown += [each["CredentialId"] for each in page["Credentials"]]

    assert (len(shown), set(shown)) == (5, made)
    bob = people.bob()
    token = people.passkeys(MaxResults=2)["NextToken"]
    assert refusal(people.passkeys, bob, MaxResults=2, NextToken=token).name == "InvalidParameter"


def test_a_deleted_passkey_is_gone_and_the_session_stays(people):
    authenticator = people.register()
    people.delete(authenticator.id)

    assert people.passkeys()["Credentials"] == []
    assert people.events()[-1] == "passkey_removed"
    assert refusal(people.delete, authenticator.id).name == "ResourceNotFound"
    assert "WEB_AUTHN" not in people.initiate("USER_AUTH", USERNAME="alice")["AvailableChallenges"]


def test_an_unknown_passkey_cannot_be_deleted(people):
    for credential_id in ("", "b3RoZXI", "not base64url", "A" * 5_000):
        assert refusal(people.delete, credential_id).name == "ResourceNotFound"


def test_nobody_deletes_another_users_passkey(people):
    authenticator = people.register()

    assert refusal(people.delete, authenticator.id, people.bob()).name == "ResourceNotFound"
    assert len(people.passkeys()["Credentials"]) == 1


def test_a_dead_token_reaches_no_passkeys(people):
    people.house.idp.admin_user_global_sign_out(UserPoolId=people.pool_id, Username="alice")

    for deed in (people.start, people.passkeys):
        assert refusal(deed).name == "NotAuthorized"
    assert refusal(people.complete, {}).name == "NotAuthorized"
    assert refusal(people.delete, "b3RoZXI").name == "NotAuthorized"


def test_a_deleted_user_takes_the_passkeys_along(people):
    authenticator = people.register()
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")

    assert refusal(people.start).name == "NotAuthorized"
    people.alice()
    again = people.sign_in()["AccessToken"]
    assert people.passkeys(again)["Credentials"] == []
    people.register(authenticator, again)
