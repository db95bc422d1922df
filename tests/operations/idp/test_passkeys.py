"""Passkeys over the API: registered with an access token, listed, and deleted."""

import pytest
from botocore.exceptions import ClientError
from fido2.utils import websafe_decode, websafe_encode
from tests.keyholders import MFA, NOT_VALID, TOTP, Keyholders
from tests.passkeys import BE, UV, Authenticator
from tests.sign_ins import refusal

from lido.flows.chores import Chores, table


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
