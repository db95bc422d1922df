"""Passkeys in a real browser: a page registers one and signs in with it, over the API alone."""

import jwt
import pytest
from playwright.sync_api import Error
from tests.browser.chromium import HERE, Authenticator
from tests.docs.pages import DOCS, blocks

pytestmark = pytest.mark.sdk

PASSWORD = "Passw0rd!"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class Alice:
    """Somebody who has a password, and a page to use."""

    def __init__(self, idp, page, **webauthn):
        self.idp = idp
        self.page = page
        self.pool_id = idp.create_user_pool(
            PoolName="people", Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
        )["UserPool"]["Id"]
        idp.set_user_pool_mfa_config(UserPoolId=self.pool_id, WebAuthnConfiguration=webauthn)
        self.client_id = idp.create_user_pool_client(
            UserPoolId=self.pool_id, ClientName="app", ExplicitAuthFlows=FLOWS
        )["UserPoolClient"]["ClientId"]
        idp.admin_create_user(UserPoolId=self.pool_id, Username="alice", MessageAction="SUPPRESS")
        idp.admin_set_user_password(UserPoolId=self.pool_id, Username="alice", Password=PASSWORD, Permanent=True)
        self.token = idp.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]["AccessToken"]

    def register(self):
        self.page.evaluate("token => register(token)", self.token)

    def sign_in(self):
        """The claims of the access token that the page is given."""
        tokens = self.page.evaluate("([client, name]) => signIn(client, name)", [self.client_id, "alice"])
        return jwt.decode(tokens["AccessToken"], options={"verify_signature": False})

    def passkeys(self):
        return self.idp.list_web_authn_credentials(AccessToken=self.token)["Credentials"]


def test_a_page_registers_a_passkey_and_signs_in_with_it(idp, page):
    authenticator = Authenticator(page)
    alice = Alice(idp, page)

    alice.register()
    assert [alice.sign_in()["username"] for _ in range(2)] == ["alice", "alice"]

    (described,), (kept,) = alice.passkeys(), authenticator.credentials()
    assert described["RelyingPartyId"] == kept["rpId"] == "localhost"
    assert described["AuthenticatorAttachment"] == "platform"
    assert described["AuthenticatorTransports"] == ["internal"]
    assert kept["isResidentCredential"]
    assert kept["userName"] == "alice"


def test_verification_that_the_pool_requires_is_done_by_the_browser(idp, page):
    authenticator = Authenticator(page)
    alice = Alice(idp, page, UserVerification="required")
    alice.register()
    alice.sign_in()

    authenticator.forget_verification()
    with pytest.raises(Error, match="NotAllowedError"):
        alice.sign_in()


def test_the_browser_makes_no_second_passkey_on_one_authenticator(idp, page):
    Authenticator(page)
    alice = Alice(idp, page)
    alice.register()

    with pytest.raises(Error, match="InvalidStateError"):
        alice.register()
    assert len(alice.passkeys()) == 1


def test_a_copied_passkey_is_noticed(idp, page):
    authenticator = Authenticator(page)
    alice = Alice(idp, page)
    alice.register()
    alice.sign_in()
    alice.sign_in()

    authenticator.count_from(0)
    with pytest.raises(Error, match="NotAuthorizedException"):
        alice.sign_in()


def test_another_relying_party_is_refused_by_the_browser(idp, page):
    Authenticator(page)
    alice = Alice(idp, page, RelyingPartyId="example.com")

    with pytest.raises(Error, match="SecurityError"):
        alice.register()
    assert alice.passkeys() == []


def test_the_manual_shows_what_the_page_does():
    page = (HERE / "passkeys.html").read_text("utf-8")
    shown = blocks(DOCS / "passkeys.md", "js")

    assert shown
    assert [block for block in shown if block not in page] == []
