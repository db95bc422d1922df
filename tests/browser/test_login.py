"""The pages in a real browser: the whole way, with and without scripts, by passkey, and as axe-core sees them."""

import json
import os
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page
from tests.browser.chromium import AXE, Authenticator, app

pytestmark = pytest.mark.sdk

PASSWORD, NEW = "Passw0rd!", "N3w-Passw0rd!"


class Pool:
    """A pool whose app waits at `callback`, and the pages of it."""

    def __init__(self, server, idp, callback, *, flows=(), **settings):
        self.server, self.idp, self.callback = server, idp, callback
        self.id = idp.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"], **settings)["UserPool"][
            "Id"
        ]
        self.client = idp.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="Example Shop",
            ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH", *flows],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid"],
            CallbackURLs=[callback],
            LogoutURLs=[callback],
            SupportedIdentityProviders=["COGNITO"],
        )["UserPoolClient"]["ClientId"]

    def alice(self):
        self.idp.admin_create_user(
            UserPoolId=self.id,
            Username="alice",
            MessageAction="SUPPRESS",
            UserAttributes=[
                {"Name": "email", "Value": "alice@example.com"},
                {"Name": "email_verified", "Value": "true"},
            ],
        )
        self.idp.admin_set_user_password(UserPoolId=self.id, Username="alice", Password=PASSWORD, Permanent=True)

    def url(self, page="oauth2/authorize", **query):
        asked = {
            "client_id": self.client,
            "response_type": "code",
            "redirect_uri": self.callback,
            "state": "s",
            **query,
        }
        return f"{self.server.url}/{self.id}/{page}?{urlencode(asked)}"

    def code(self, to):
        return json.loads(self.server.lido("outbox", "--to", to, "--last", "--json"))["code"]


@pytest.fixture
def callback():
    """Where an app waits, at an origin of its own."""
    with app() as address:
        yield address


@pytest.fixture
def complaints(server, page):
    """What the browser complains about at the pages: a policy that was broken, a script or a file that failed."""
    found = []

    def hear(message):
        if message.location["url"].startswith(server.url):
            found.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def arrived(page: Page) -> dict[str, str]:
    """What the app was told in the end."""
    page.wait_for_url("**/callback?**")
    return dict(parse_qsl(urlsplit(page.url).query))


def test_the_whole_way_of_somebody_new(server, idp, page, callback, complaints):
    pool = Pool(server, idp, callback)
    page.goto(pool.url())
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill("ada")
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.get_by_label("Code").fill(pool.code("ada@example.com"))
    page.get_by_role("button", name="Confirm account").click()
    assert "Your registration has been confirmed!" in page.get_by_role("status").inner_text()
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    assert page.get_by_role("alert").inner_text() == "Incorrect username or password."
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    assert arrived(page)["code"]

    page.goto(pool.url())
    assert arrived(page)["code"]
    page.goto(pool.url(prompt="login"))
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Username").fill("ada")
    page.get_by_role("button", name="Reset my password").click()
    page.get_by_label("Code").fill(pool.code("ada@example.com"))
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password again").fill(NEW)
    page.get_by_role("button", name="Change password").click()
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Sign in").click()
    assert arrived(page)["state"] == "s"
    assert complaints == []


def test_an_app_of_another_site_that_posts_its_request_finds_who_is_signed_in(server, idp, page, callback):
    pool = Pool(server, idp, callback)
    pool.alice()
    page.goto(pool.url())
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert arrived(page)["code"]

    page.goto(callback.replace("localhost", "127.0.0.1"))
    endpoint, _, query = pool.url(prompt="none").partition("?")
    fields = "".join(f'<input name="{name}" value="{value}">' for name, value in parse_qsl(query))
    page.set_content(f'<form method="post" action="{endpoint}">{fields}<button>Go</button></form>')
    page.get_by_role("button", name="Go").click()

    page.wait_for_url(f"{callback}?**")
    assert arrived(page)["code"]


def test_an_app_may_lead_on_to_a_program_on_the_machine(server, idp, page, callback, complaints):
    native = callback.replace("/callback", "/native")
    pool = Pool(server, idp, native)
    pool.alice()
    page.goto(pool.url())
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    with page.expect_event("requestfailed") as failed:
        page.get_by_role("button", name="Sign in").click()

    assert failed.value.url == "example-app:/welcome"
    assert complaints == []


def test_a_window_that_an_app_opened_for_the_sign_in_still_knows_the_app(server, idp, page, callback):
    pool = Pool(server, idp, callback)
    pool.alice()
    page.goto(callback.replace("localhost", "127.0.0.1"))
    with page.expect_popup() as opened:
        page.evaluate("address => { window.opened = open(address, 'sign-in') }", pool.url())
    window = opened.value
    window.get_by_label("Username").fill("alice")
    window.get_by_label("Password").fill(PASSWORD)
    window.get_by_role("button", name="Sign in").click()

    assert arrived(window)["code"]
    assert window.evaluate("opener !== null")
    assert not page.evaluate("window.opened.closed")


def test_a_passkey_is_made_and_leads_in(server, idp, page, callback, complaints):
    authenticator = Authenticator(page)
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    pool = Pool(server, idp, callback, flows=["ALLOW_USER_AUTH"], Policies=policies)
    pool.alice()
    page.goto(pool.url("passkeys/add"))
    page.get_by_label("Username").fill("alice")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Add a passkey").click()
    assert arrived(page) == {"state": "s"}
    assert len(authenticator.credentials()) == 1

    page.context.clear_cookies()
    page.goto(pool.url())
    page.get_by_label("Username").fill("alice")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Passkey").click()
    page.get_by_role("button", name="Use a passkey").click()
    assert arrived(page)["code"]
    assert complaints == []


def test_a_passkey_that_could_not_be_made_is_said(server, idp, page, callback):
    authenticator = Authenticator(page)
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    pool = Pool(server, idp, callback, flows=["ALLOW_USER_AUTH"], Policies=policies)
    idp.set_user_pool_mfa_config(UserPoolId=pool.id, WebAuthnConfiguration={"UserVerification": "required"})
    pool.alice()
    page.goto(pool.url("passkeys/add"))
    page.get_by_label("Username").fill("alice")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    authenticator.forget_verification()
    page.get_by_role("button", name="Add a passkey").click()

    assert "The passkey was not added." in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Not now").click()
    assert arrived(page) == {"state": "s"}


def test_all_but_passkeys_works_without_scripts(server, idp, page, callback):
    pool = Pool(server, idp, callback)
    pool.alice()
    plain = page.context.browser.new_context(java_script_enabled=False).new_page()
    plain.goto(pool.url())
    plain.get_by_label("Username").fill("alice")
    plain.get_by_label("Password").fill(PASSWORD)
    plain.get_by_role("button", name="Sign in").click()

    assert arrived(plain)["code"]


def test_a_passkey_page_without_scripts_says_what_is_missing(server, idp, page, callback):
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    pool = Pool(server, idp, callback, flows=["ALLOW_USER_AUTH"], Policies=policies)
    pool.alice()
    plain = page.context.browser.new_context(java_script_enabled=False).new_page()
    plain.goto(pool.url("passkeys/add"))
    plain.get_by_label("Username").fill("alice")
    plain.get_by_role("button", name="Next").click()
    plain.get_by_label("Password").fill(PASSWORD)
    plain.get_by_role("button", name="Sign in").click()

    assert "needs JavaScript" in plain.inner_text("main")
    assert not plain.get_by_role("button", name="Add a passkey").is_visible()
    plain.get_by_role("button", name="Not now").click()
    assert arrived(plain) == {"state": "s"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(samples, page, scheme):
    if not AXE.is_file() and os.environ.get("CI") != "true":
        pytest.skip("axe-core is not installed: make setup, with node")
    page.emulate_media(color_scheme=scheme)
    found = {}
    for name in samples.names:
        page.goto(f"{samples.url}/{name}")
        page.evaluate(AXE.read_text("utf-8"))
        answer = page.evaluate("axe.run({resultTypes: ['violations']})")
        if answer["violations"]:
            found[name] = [(one["id"], one["nodes"][0]["html"]) for one in answer["violations"]]

    assert found == {}


def test_pages_fit_on_a_small_phone(samples, page):
    page.set_viewport_size({"width": 320, "height": 560})
    too_wide = []
    for name in samples.names:
        page.goto(f"{samples.url}/{name}")
        if page.evaluate("document.documentElement.scrollWidth") > 320:
            too_wide.append(name)

    assert too_wide == []
