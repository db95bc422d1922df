"""Every way to something that is issued, for whoever has just ended: nothing is given.

A new way is a function and a row of `WAYS`: it brings somebody up to where only the last request is missing, and gives
that request. A new end is a function and a row of `ENDS`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError
from tests.abuse import stages
from tests.abuse.stages import Everything, newest_link
from tests.machines import READ, add_api, machine
from tests.oauth import CALLBACK, App
from tests.pages import Browser
from tests.sign_ins import claims
from tests.world import PASSWORD, World

from lido.flows import consents, pool_options

ADMIN_SCOPE = "aws.cognito.signin.user.admin"
ALL_FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


class Waiting(NamedTuple):
    """Somebody who has all but the last answer. `last` gives what is issued, '' or None for nothing."""

    house: World
    pool_id: str
    client_id: str
    last: Callable[[], Any]

    @property
    def who(self) -> dict[str, str]:
        return {"UserPoolId": self.pool_id, "Username": "alice"}


class Way(NamedTuple):
    """How somebody comes to be waiting, and which ends must keep them there."""

    come: Callable[[World], Waiting]
    ends: frozenset[str]


def disabled(waiting: Waiting) -> None:
    waiting.house.idp.admin_disable_user(**waiting.who)


def deleted(waiting: Waiting) -> None:
    waiting.house.idp.admin_delete_user(**waiting.who)


def signed_out(waiting: Waiting) -> None:
    waiting.house.idp.admin_user_global_sign_out(**waiting.who)


def must_reset(waiting: Waiting) -> None:
    waiting.house.idp.admin_reset_user_password(**waiting.who)


def session_revoked(waiting: Waiting) -> None:
    sessions = waiting.house.idp.admin_list_user_sessions(**waiting.who)["Sessions"]
    assert sessions
    for session in sessions:
        waiting.house.idp.admin_revoke_user_session(**waiting.who, SessionId=session["SessionId"])


def client_deleted(waiting: Waiting) -> None:
    waiting.house.idp.delete_user_pool_client(UserPoolId=waiting.pool_id, ClientId=waiting.client_id)


def pool_deleted(waiting: Waiting) -> None:
    waiting.house.idp.delete_user_pool(UserPoolId=waiting.pool_id)


def consent_withdrawn(waiting: Waiting) -> None:
    assert consents.withdraw(waiting.house.call(), waiting.pool_id, "alice", waiting.client_id)


def oauth_switched_off(waiting: Waiting) -> None:
    who = {"UserPoolId": waiting.pool_id, "ClientId": waiting.client_id}
    client = waiting.house.idp.describe_user_pool_client(**who)["UserPoolClient"]
    told = ("CreationDate", "LastModifiedDate", "ClientSecret", "ClientType")
    kept = {name: value for name, value in client.items() if name not in told}
    waiting.house.idp.update_user_pool_client(**{**kept, "AllowedOAuthFlowsUserPoolClient": False})


ENDS: dict[str, Callable[[Waiting], None]] = {
    "the user is disabled": disabled,
    "the user is deleted": deleted,
    "the user is signed out everywhere": signed_out,
    "the password must be reset": must_reset,
    "the session is revoked": session_revoked,
    "the client is deleted": client_deleted,
    "the pool is deleted": pool_deleted,
    "the consent is withdrawn": consent_withdrawn,
    "OAuth is switched off": oauth_switched_off,
}
OF_APPS = frozenset({"the client is deleted", "the pool is deleted"})
ANYBODY = OF_APPS | {"the user is disabled", "the user is deleted", "the password must be reset"}
"""Ends for whoever begins: sign-outs keep nobody from coming back."""
UNDER_WAY = ANYBODY | {"the user is signed out everywhere"}
"""Ends for whoever is in the middle of a sign-in."""
SIGNED_IN = UNDER_WAY | {"the session is revoked"}
"""Ends for whoever goes on from something that was handed out."""
OAUTH = SIGNED_IN | {"OAuth is switched off"}
"""Ends for whoever goes on at the OAuth endpoints."""
CONSENTED = OAUTH | {"the consent is withdrawn"}
"""Ends for whoever goes on at somebody else's app."""


def an_app(house: World, **arguments: Any) -> App:
    """An app whose pool tracks sessions, with alice."""
    pool_id = house.pool()
    house.idp.set_user_pool_session_configuration(
        UserPoolId=pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    house.user(pool_id, email="alice@example.com", email_verified="true")
    add_api(house, pool_id)
    given = {"AllowedOAuthScopes": ["openid", ADMIN_SCOPE, READ], "ExplicitAuthFlows": ALL_FLOWS, **arguments}
    return App(house, pool_id, **given)


def waiting(app: App, last: Callable[[], Any]) -> Waiting:
    return Waiting(app.house, app.pool_id, app.client_id, last)


def of_token_endpoint(app: App, form: dict[str, str]) -> Any:
    """What the token endpoint issues."""
    return app.token(**form)[1].get("access_token")


def of_authorize(app: App, cookie: str, parameter: str, **params: str) -> Any:
    """What the authorization endpoint issues; an unknown client or pool leads to an error page, or nowhere."""
    query = {"client_id": app.client_id, "redirect_uri": CALLBACK, "response_type": "code", **params}
    status, headers, _ = app.get("/oauth2/authorize", cookie, **query)
    return f"{parameter}=" in headers.get("location", "") and status == 302


def code(house: World) -> Waiting:
    app = an_app(house)
    made = app.code(app.browser())
    form = {"grant_type": "authorization_code", "code": made, "redirect_uri": CALLBACK}
    return waiting(app, lambda: of_token_endpoint(app, form))


def silent(house: World) -> Waiting:
    app = an_app(house)
    cookie = app.browser()
    return waiting(app, lambda: of_authorize(app, cookie, "code", prompt="none"))


def implicit(house: World) -> Waiting:
    app = an_app(house, AllowedOAuthFlows=["implicit"])
    cookie = app.browser()
    return waiting(app, lambda: of_authorize(app, cookie, "access_token", response_type="token"))


def consent(house: World) -> Waiting:
    """The question about somebody else's app is on the screen."""
    app = an_app(house)
    pool_options.set_for_client(house.call(), app.client_id, {"third_party": "true"})
    browser = Browser(house, app.pool_id, app.client_id).sign_in("alice", PASSWORD)
    form = browser.page.forms[0]
    return waiting(app, lambda: "code=" in browser.post(form.action, {**form.fields, "decision": "allow"}).left)


def foreign(app: App, **query: str) -> Browser:
    """Alice's browser, which comes back from somebody else's app that she has let in."""
    pool_options.set_for_client(app.house.call(), app.client_id, {"third_party": "true"})
    return Browser(app.house, app.pool_id, app.client_id, **query).sign_in("alice", PASSWORD).submit(button=0)


def foreign_code(house: World) -> Waiting:
    app = an_app(house)
    made = foreign(app).given["code"]
    form = {"grant_type": "authorization_code", "code": made, "redirect_uri": CALLBACK}
    return waiting(app, lambda: of_token_endpoint(app, form))


def foreign_silent(house: World) -> Waiting:
    app = an_app(house)
    cookie = foreign(app).cookies["cognito"]
    return waiting(app, lambda: of_authorize(app, cookie, "code", prompt="none"))


def foreign_refresh(house: World) -> Waiting:
    app = an_app(house)
    token = app.redeem(foreign(app).given["code"])[1]["refresh_token"]
    return waiting(app, lambda: of_token_endpoint(app, {"grant_type": "refresh_token", "refresh_token": token}))


def a_device(app: App, **options: str) -> tuple[Browser, dict[str, str]]:
    """Alice's browser at the question about a device, and what the device polls with."""
    pool_options.set_for_client(app.house.call(), app.client_id, {"device_grant": "true", **options})
    shown = app.post("/oauth2/device_authorization", {"client_id": app.client_id})[2]
    browser = Browser(app.house, app.pool_id, app.client_id).open("device", "")
    browser.submit(user_code=shown["user_code"]).submit(username="alice", password=PASSWORD)
    if "third_party" in options:
        browser.submit(button=0)
    return browser, {"grant_type": DEVICE, "device_code": shown["device_code"]}


def device(house: World) -> Waiting:
    """The device was let in and polls."""
    app = an_app(house)
    browser, form = a_device(app)
    browser.submit(button=0)
    return waiting(app, lambda: of_token_endpoint(app, form))


def device_question(house: World) -> Waiting:
    """The question about the device is on the screen."""
    app = an_app(house)
    browser, form = a_device(app)

    def last() -> Any:
        browser.submit(button=0)
        return of_token_endpoint(app, form)

    return waiting(app, last)


def foreign_device(house: World) -> Waiting:
    app = an_app(house)
    browser, form = a_device(app, third_party="true")
    browser.submit(button=0)
    return waiting(app, lambda: of_token_endpoint(app, form))


def page(house: World) -> Waiting:
    """The sign-in page is filled in."""
    app = an_app(house)
    browser = Browser(house, app.pool_id, app.client_id).open("login")
    form = browser.page.forms[0]
    typed = {**form.fields, "username": "alice", "password": PASSWORD}
    return waiting(app, lambda: "code=" in browser.post(form.action, typed).left)


def refresh(house: World) -> Waiting:
    app = an_app(house)
    token = app.redeem(app.code(app.browser()))[1]["refresh_token"]
    return waiting(app, lambda: of_token_endpoint(app, {"grant_type": "refresh_token", "refresh_token": token}))


def refresh_rotated(house: World) -> Waiting:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 60}
    flows = [flow for flow in ALL_FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"]
    app = an_app(house, RefreshTokenRotation=rotation, ExplicitAuthFlows=flows)
    token = app.redeem(app.code(app.browser()))[1]["refresh_token"]
    return waiting(app, lambda: of_token_endpoint(app, {"grant_type": "refresh_token", "refresh_token": token}))


def sign_in(app: App, **given: str) -> dict[str, Any]:
    """Somebody signs in by password over the API; the tokens."""
    answer: dict[str, Any] = app.house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD, **given},
    )
    return answer["AuthenticationResult"]  # type: ignore[no-any-return]


def refresh_by_flow(house: World) -> Waiting:
    app = an_app(house)
    given = {"REFRESH_TOKEN": sign_in(app)["RefreshToken"]}
    ask = {"AuthFlow": "REFRESH_TOKEN_AUTH", "ClientId": app.client_id, "AuthParameters": given}
    return waiting(app, lambda: house.idp_unsigned.initiate_auth(**ask)["AuthenticationResult"])


def refresh_by_operation(house: World) -> Waiting:
    app = an_app(house)
    given = {"RefreshToken": sign_in(app)["RefreshToken"], "ClientId": app.client_id}
    return waiting(app, lambda: house.idp_unsigned.get_tokens_from_refresh_token(**given)["AuthenticationResult"])


def password(house: World) -> Waiting:
    app = an_app(house)
    return waiting(app, lambda: sign_in(app))


def password_by_operator(house: World) -> Waiting:
    app = an_app(house)
    ask = {
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "UserPoolId": app.pool_id,
        "ClientId": app.client_id,
        "AuthParameters": {"USERNAME": "alice", "PASSWORD": PASSWORD},
    }
    return waiting(app, lambda: house.idp.admin_initiate_auth(**ask).get("AuthenticationResult"))


def exchange(house: World) -> Waiting:
    web = an_app(house)
    service, last = exchanging(web)
    return waiting(service, last)


def exchange_after_its_client(house: World) -> Waiting:
    """The token that is exchanged came to another client than asks: that one's end is its end."""
    web = an_app(house)
    return waiting(web, exchanging(web)[1])


def exchanging(web: App) -> tuple[App, Callable[[], Any]]:
    """A service that is about to exchange alice's token, which came to `web`."""
    flows = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION"]
    service = App(web.house, web.pool_id, GenerateSecret=True, ExplicitAuthFlows=flows, AllowedOAuthScopes=[READ])
    token = web.redeem(web.code(web.browser()))[1]["access_token"]
    form = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ACCESS_TOKEN}
    return service, lambda: of_token_endpoint(service, form)


def client_credentials(house: World) -> Waiting:
    app = machine(house, an_app(house).pool_id, READ)
    return waiting(app, lambda: of_token_endpoint(app, {"grant_type": "client_credentials"}))


def client_token(house: World) -> Waiting:
    flows = ["ALLOW_CLIENT_TOKEN_AUTH"]
    app = machine(house, an_app(house).pool_id, READ, ExplicitAuthFlows=flows)
    ask = {"ClientId": app.client_id, "Secret": app.secret, "Scopes": [READ]}
    return waiting(app, lambda: house.idp_unsigned.get_client_token(**ask)["ClientAuthenticationResult"])


def registration(house: World) -> Waiting:
    """A program holds a token with which clients are registered."""
    pool_id = house.pool(DcrConfiguration={"EnableStatus": "Enabled"})
    app = machine(house, pool_id, "aws.cognito/dcr/register")
    token = app.token(grant_type="client_credentials")[1]["access_token"]
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    url, body = f"http://lido.test/{pool_id}/oauth2/register", b'{"redirect_uris":["https://app.example.com/callback"]}'
    return waiting(app, lambda: b"client_id" in house.http("POST", url, headers, body)[2])


def refresh_of_code_by_operation(house: World) -> Waiting:
    app = an_app(house)
    given = {"RefreshToken": app.redeem(app.code(app.browser()))[1]["refresh_token"], "ClientId": app.client_id}
    return waiting(app, lambda: house.idp_unsigned.get_tokens_from_refresh_token(**given)["AuthenticationResult"])


def introspection(house: World) -> Waiting:
    """What is told of a token is as good as what is issued."""
    app = an_app(house, GenerateSecret=True)
    token = app.redeem(app.code(app.browser()))[1]["access_token"]
    basic = {"client_id": app.client_id, "client_secret": app.secret or ""}

    def last() -> Any:
        answer = app.post("/oauth2/introspect", {**basic, "token": token})[2]
        return isinstance(answer, dict) and answer.get("active")

    return waiting(app, last)


def user_info(house: World) -> Waiting:
    app = an_app(house)
    token = app.redeem(app.code(app.browser()))[1]["access_token"]
    bearer = {"authorization": f"Bearer {token}"}
    url = f"http://lido.test/{app.pool_id}/oauth2/userInfo"
    return waiting(app, lambda: house.http("GET", url, bearer)[0] == 200)


def get_user(house: World) -> Waiting:
    app = an_app(house)
    token = sign_in(app)["AccessToken"]
    return waiting(app, lambda: house.idp_unsigned.get_user(AccessToken=token))


def step(name: str) -> Callable[[World], Waiting]:
    """A challenge waits for its right answer."""

    def come(house: World) -> Waiting:
        people = Everything(house)
        stage = stages.reach(people, name)
        last = lambda: people.give(stage).get("AuthenticationResult")  # noqa: E731 - as all others
        return Waiting(house, people.pool_id, people.client_id, last)

    return come


def followed_link(house: World) -> Waiting:
    """A magic link is followed on any device."""
    people = Everything(house)
    people.option(magic_links="any_device")
    people.choose("alice", "EMAIL_LINK")
    link = newest_link(people, "alice")
    ask = {
        "AuthFlow": "USER_AUTH",
        "ClientId": people.client_id,
        "AuthParameters": {"USERNAME": link["username"]},
        "Session": link["session"],
    }
    last = lambda: house.idp_unsigned.initiate_auth(**ask).get("AuthenticationResult")  # noqa: E731 - as all others
    return Waiting(house, people.pool_id, people.client_id, last)


WAYS: dict[str, Way] = {
    "a code": Way(code, OAUTH),
    "a browser that is signed in": Way(silent, OAUTH),
    "the implicit grant": Way(implicit, OAUTH),
    "a consent": Way(consent, OAUTH),
    "the sign-in page": Way(page, ANYBODY | {"OAuth is switched off"}),
    "a code of somebody else's app": Way(foreign_code, CONSENTED),
    "a browser at somebody else's app": Way(foreign_silent, CONSENTED),
    "a refresh token of somebody else's app": Way(foreign_refresh, CONSENTED),
    "a device that was let in": Way(device, OAUTH),
    "the question about a device": Way(device_question, OAUTH),
    "a device with somebody else's app": Way(foreign_device, CONSENTED),
    "a refresh token": Way(refresh, OAUTH),
    "a refresh token that rotates": Way(refresh_rotated, OAUTH),
    "REFRESH_TOKEN_AUTH": Way(refresh_by_flow, SIGNED_IN),
    "GetTokensFromRefreshToken": Way(refresh_by_operation, SIGNED_IN),
    "GetTokensFromRefreshToken after a code": Way(refresh_of_code_by_operation, OAUTH),
    "a password": Way(password, ANYBODY),
    "a password by an operator": Way(password_by_operator, ANYBODY),
    "token exchange": Way(exchange, SIGNED_IN),
    "token exchange after its client": Way(exchange_after_its_client, SIGNED_IN),
    "a registration": Way(registration, OF_APPS),
    "client credentials": Way(client_credentials, OF_APPS | {"OAuth is switched off"}),
    "GetClientToken": Way(client_token, OF_APPS),
    "introspection": Way(introspection, SIGNED_IN),
    "userInfo": Way(user_info, SIGNED_IN),
    "GetUser": Way(get_user, SIGNED_IN),
    "a magic link on another device": Way(followed_link, UNDER_WAY),
    **{
        f"a challenge: {name}": Way(step(name), UNDER_WAY)
        for name in (
            "SRP",
            "a question of the pool's own",
            "an e-mail code",
            "a passkey",
            "an authenticator",
            "a device",
        )
    },
}


def given(waiting: Waiting) -> Any:
    """What the last request gives; a refusal gives nothing."""
    try:
        return waiting.last()
    except ClientError:
        return None


@pytest.mark.parametrize("way", WAYS)
def test_who_lives_is_given_something(house: World, way: str) -> None:
    assert given(WAYS[way].come(house))


@pytest.mark.parametrize(("way", "end"), [(way, end) for way in WAYS for end in ENDS if end in WAYS[way].ends])
def test_who_has_ended_is_given_nothing(house: World, way: str, end: str) -> None:
    somebody = WAYS[way].come(house)

    ENDS[end](somebody)

    assert not given(somebody)


def test_somebody_with_the_same_name_is_somebody_else(house: World) -> None:
    """What was handed out to a user who is gone is worth nothing for who comes after by that name."""
    app = an_app(house)
    cookie = app.browser()
    told = app.redeem(app.code(cookie))[1]
    house.idp.admin_delete_user(UserPoolId=app.pool_id, Username="alice")
    house.user(app.pool_id)

    assert not of_authorize(app, cookie, "code", prompt="none")
    form = {"grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    assert not of_token_endpoint(app, form)
    assert claims(sign_in(app)["IdToken"])["sub"] != claims(told["id_token"])["sub"]
