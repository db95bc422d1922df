"""Errors of clients that anybody may have registered: our address leads nobody to theirs (RFC 9700 §4.11.2)."""

import json

import pytest
from tests.machines import add_api, machine, token_of
from tests.oauth import CALLBACK, CHALLENGE, App
from tests.pages import Browser, Page
from tests.world import PASSWORD

from lido.flows import pool_options

REGISTER = "aws.cognito/dcr/register"
EVIL = "https://evil.example/landing?from=bank"


class Place:
    """An open pool with a user."""

    def __init__(self, house, **arguments):
        self.house = house
        self.pool_id = house.pool(DcrConfiguration={"OpenDcrEnabled": True}, **arguments)
        add_api(house, self.pool_id)
        house.user(self.pool_id)

    def app(self, redirect_uri=EVIL, *, token=None):
        """A client that registered itself."""
        headers = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
        addresses = {"redirect_uris": [redirect_uri], "post_logout_redirect_uris": [EVIL]}
        body = json.dumps({**addresses, "client_name": "Your bank"}).encode()
        url = f"http://lido.test/{self.pool_id}/oauth2/register"
        status, _, answer = self.house.http("POST", url, headers, body)
        assert status == 201, answer
        app = object.__new__(App)
        app.house, app.pool_id = self.house, self.pool_id
        app.client_id, app.secret = json.loads(answer)["client_id"], json.loads(answer)["client_secret"]
        return app

    def token(self):
        return token_of(machine(self.house, self.pool_id, REGISTER))["access_token"]

    def ask(self, app, cookie=None, **params):
        query = {"client_id": app.client_id, "response_type": "code", "redirect_uri": EVIL, **params}
        status, headers, body = app.get("/oauth2/authorize", cookie, **query)
        return status, headers, body.decode()


@pytest.fixture
def place(house):
    return Place(house)


WRONG = [
    {"response_type": "unheard_of"},
    {"response_type": ""},
    {"scope": "openid unheard_of"},
    {"prompt": "none"},
    {"prompt": "none login"},
    {"identity_provider": "Nobody"},
    {"code_challenge_method": "S512", "code_challenge": CHALLENGE},
    {"max_age": "x"},
]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: "-".join(f"{k}={v}" for k, v in wrong.items()))
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_an_error_of_a_strangers_client_leads_nowhere_by_itself(place, wrong, mode):
    status, headers, body = place.ask(place.app(), **wrong, response_mode=mode, state="s-1")

    assert status == 400
    assert not {"location", "refresh"} & set(headers)
    assert "script" not in {tag for tag, _ in Page(body).tags}
    assert "http-equiv" not in body
    assert "evil.example" in Page(body).words
    assert "Your bank" not in body, "a stranger writes nothing on our page"
    assert headers["referrer-policy"] == "no-referrer"
    assert "script-src" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"


def test_the_person_may_go_on_with_what_the_app_is_told(place):
    app = place.app()

    link = Page(place.ask(app, prompt="none", state='"><b>')[2]).links["Continue"]
    form = Page(place.ask(app, prompt="none", state='"><b>', response_mode="form_post")[2]).forms[0]

    assert link.startswith(f"{EVIL}&state=%22%3E%3Cb%3E&error=login_required&iss=")
    assert (form.action, form.method) == (EVIL, "post")
    assert (form.fields["error"], form.fields["state"]) == ("login_required", '"><b>')


def test_the_pages_lead_nowhere_either(place):
    app = place.app()

    for page in ("login", "signup", "consent", "forgotPassword"):
        query = {"client_id": app.client_id, "response_type": "unheard_of", "redirect_uri": EVIL}
        status, headers, body = app.get(f"/{page}", None, **query)
        assert (status, "location" in headers, b"evil.example" in body) == (400, False, True), page


def test_whoever_is_signed_in_but_was_not_asked_is_led_nowhere(place):
    app, own = place.app(), App(place.house, place.pool_id)

    status, headers, body = place.ask(app, own.browser(), prompt="none")

    assert (status, "location" in headers) == (400, False)
    assert "error=consent_required" in Page(body).links["Continue"]


def test_a_scheme_of_an_app_and_an_odd_host_are_named_plainly(place):
    scheme = place.app("com.example.app:/callback")
    odd = place.app("https://b\u00e4nk.example/")

    shown = place.ask(scheme, redirect_uri="com.example.app:/callback", prompt="none")[2]
    assert "com.example.app:" in Page(shown).words
    shown = place.ask(odd, redirect_uri="https://b\u00e4nk.example/", prompt="none")[2]
    assert "b%C3%A4nk.example" in Page(shown).words


def test_answers_that_somebody_chose_go_to_the_app_as_ever(place):
    app = place.app(CALLBACK)

    browser = Browser(place.house, place.pool_id, app.client_id, scope="openid").sign_in("alice", PASSWORD)
    browser.submit(button=1)
    assert (browser.left.startswith(CALLBACK), browser.given["error"]) == (True, "access_denied")
    browser.open("consent").submit(button=0)
    assert browser.given["code"]
    browser.open("oauth2/authorize", f"{browser.query}&prompt=none")
    assert browser.given["code"], "silently, once it is allowed"


@pytest.mark.parametrize("form", ["logout_uri", "post_logout_redirect_uri"])
def test_a_sign_out_leads_to_a_strangers_place_only_with_an_id_token(place, form):
    app, known = place.app(CALLBACK), place.app(CALLBACK, token=place.token())
    browser = Browser(place.house, place.pool_id, app.client_id, scope="openid").sign_in("alice", PASSWORD)
    browser.submit(button=0)
    hint = {"id_token_hint": app.redeem(browser.given["code"])[1]["id_token"]}

    def out(app, **given):
        status, headers, _ = app.get("/logout", None, client_id=app.client_id, **given)
        return status, headers.get("location", "")

    assert out(app, **{form: EVIL}) == (200, "")
    assert out(known, **{form: EVIL}) == (302, EVIL)
    assert out(app, post_logout_redirect_uri=EVIL, **hint) == (302, EVIL)


def test_clients_that_came_with_a_token_are_answered_at_once(place):
    status, headers, _ = place.ask(place.app(token=place.token()), prompt="none")

    assert (status, headers["location"].startswith(EVIL)) == (302, True)


def test_a_client_that_an_operator_changes_stays_what_it_is(place):
    strangers, known = place.app(), place.app(token=place.token())
    settings = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"], "CallbackURLs": [EVIL]}
    for app in (strangers, known):
        named = {"UserPoolId": place.pool_id, "ClientId": app.client_id, "AllowedOAuthScopes": ["openid"]}
        place.house.idp.update_user_pool_client(**named, **settings, SupportedIdentityProviders=["COGNITO"])

    assert [place.ask(app, prompt="none")[0] for app in (strangers, known)] == [400, 302]


def test_an_operator_vouches_for_a_strangers_client(place):
    app = place.app()
    pool_options.set_for_client(place.house.call(), app.client_id, {"third_party": "false"})

    assert place.ask(app, prompt="none")[0] == 302
