"""Back-channel logout: whom it is told to, in which words, and what becomes of an app that does not listen."""

import json
from urllib.parse import parse_qs

import jwt
import pytest
from tests.oauth import App
from tests.pages import Browser
from tests.receivers import receiving, say
from tests.sign_ins import claims
from tests.world import PASSWORD

from lido.flows import consents, logout_notices, pool_options
from lido.flows.logout_worker import LogoutWorker
from lido.flows.webhook_worker import MOST_ATTEMPTS
from lido.ports.outgoing import Outgoing
from lido.rules import logout_tokens
from lido.storage import consents as stored

WHO = {"Username": "alice"}


@pytest.fixture
def listening(tmp_path):
    with receiving(tmp_path, tls=False) as found:
        yield found


@pytest.fixture
def worker(house):
    out = Outgoing(["127.0.0.0/8"])
    made = LogoutWorker(house.call, out)
    yield made
    made.stop()
    out.close()


@pytest.fixture
def app(house, listening):
    pool_id = house.pool()
    house.user(pool_id)
    return told_app(house, pool_id, listening.url("/back?app=1"))


def told_app(house, pool_id, url, **options):
    app = App(house, pool_id, AllowedOAuthScopes=["openid", "aws.cognito.signin.user.admin"])
    pool_options.set_for_client(house.call(), app.client_id, {"backchannel_logout_uri": url, **options})
    return app


def run(worker):
    while worker.run_due():
        worker.finish()


def token_in(posted):
    assert posted.headers["content-type"] == "application/x-www-form-urlencoded"
    return parse_qs(posted.body.decode())["logout_token"][0]


def told(listening, client_id):
    """The logout tokens that came for a client, with what they say."""
    found = [(token, claims(token)) for token in map(token_in, listening.posted)]
    return [(token, said) for token, said in found if said["aud"] == client_id]


def proven(app, token):
    keys = json.loads(app.get("/.well-known/jwks.json")[2])["keys"]
    key = next(key for key in keys if key["kid"] == jwt.get_unverified_header(token)["kid"])
    return jwt.decode(
        token, jwt.PyJWK(key), ["RS256"], options={"verify_aud": False, "verify_exp": False, "verify_iat": False}
    )


def test_an_app_is_told_of_a_sign_out_in_the_words_of_the_standard(house, app, listening, worker):
    cookie = app.browser()
    identity = claims(app.redeem(app.code(cookie, scope="openid", nonce="n"))[1]["id_token"])

    app.get("/logout", cookie, client_id=app.client_id, logout_uri="https://app.example.com/goodbye?lang=en")
    run(worker)

    [(token, said)] = told(listening, app.client_id)
    assert jwt.get_unverified_header(token)["typ"] == "logout+jwt"
    assert proven(app, token) == said
    now = house.clock.now() // 1000
    assert said == {
        "iss": identity["iss"],
        "sub": identity["sub"],
        "aud": app.client_id,
        "iat": now,
        "exp": now + 120,
        "jti": said["jti"],
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        "sid": identity["sid"],
    }
    assert listening.posted[0].path == "/back?app=1"


def test_only_clients_that_are_told_know_the_session(house, app):
    other = App(house, app.pool_id)

    assert "sid" not in claims(other.redeem(other.code(other.browser()))[1]["id_token"])


def test_the_sid_stays_over_refreshes_and_differs_from_browser_to_browser(house, app):
    def sid(told):
        return claims(told["id_token"])["sid"]

    first = app.redeem(app.code(app.browser()))[1]
    again = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])[1]

    assert sid(first) == sid(again)
    assert sid(first) != sid(app.redeem(app.code(app.browser()))[1])


def test_a_logout_token_is_no_id_token(house, app, listening, worker):
    cookie = app.browser()
    app.redeem(app.code(cookie))
    app.get("/logout", cookie, client_id=app.client_id, logout_uri="https://app.example.com/goodbye?lang=en")
    run(worker)
    [(token, said)] = told(listening, app.client_id)

    location = app.get("/logout", app.browser(), id_token_hint=token)[1]["location"]

    assert "/error?error=invalid_request" in location
    assert not {"nonce", "token_use"} & said.keys()


ENDS = {
    "global sign-out": lambda app, told: app.house.idp_unsigned.global_sign_out(AccessToken=told["access_token"]),
    "admin sign-out": lambda app, _: app.house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, **WHO),
    "disable": lambda app, _: app.house.idp.admin_disable_user(UserPoolId=app.pool_id, **WHO),
    "delete": lambda app, _: app.house.idp.admin_delete_user(UserPoolId=app.pool_id, **WHO),
    "delete oneself": lambda app, told: app.house.idp_unsigned.delete_user(AccessToken=told["access_token"]),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("each", ["false", "true"])
def test_apps_are_told_when_everything_of_a_user_ends(house, app, listening, worker, end, each):
    pool_options.set_for_client(house.call(), app.client_id, {"backchannel_logout_session_required": each})
    tokens = [app.redeem(app.code(app.browser()))[1] for _ in range(2)]

    ENDS[end](app, tokens[1])
    run(worker)

    found = [said.get("sid") for _, said in told(listening, app.client_id)]
    known = [claims(token["id_token"])["sid"] for token in tokens]
    assert sorted(found, key=str) == (sorted(known) if each == "true" else [None])


def test_a_password_that_ends_sessions_is_told(house, app, listening, worker):
    pool_options.set_for_pool(house.call(), app.pool_id, {"password_change_ends_sessions": "true"})
    app.redeem(app.code(app.browser()))
    house.idp.admin_set_user_password(UserPoolId=app.pool_id, **WHO, Password="N3w-Passw0rd!", Permanent=True)
    run(worker)

    assert len(told(listening, app.client_id)) == 1


@pytest.mark.parametrize("kind", ["TOKEN", "SSO"])
def test_a_session_that_is_revoked_is_told_to_the_apps_that_it_came_to(house, app, listening, worker, kind):
    other = told_app(house, app.pool_id, listening.url("/other"))
    house.idp.set_user_pool_session_configuration(
        UserPoolId=app.pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    cookie = app.browser()
    sid = claims(app.redeem(app.code(cookie))[1]["id_token"])["sid"]
    house.clock.advance(seconds=1)
    other.redeem(other.code(cookie))
    app.redeem(app.code(app.browser()))
    sessions = house.idp.admin_list_user_sessions(UserPoolId=app.pool_id, **WHO)["Sessions"]
    mine = next(each for each in reversed(sessions) if each.get("ClientId") == app.client_id)
    chosen = mine["SessionId"] if kind == "TOKEN" else mine["OriginSessionId"]

    house.idp.admin_revoke_user_session(UserPoolId=app.pool_id, **WHO, SessionId=chosen)
    run(worker)

    found = [(posted.path, claims(token_in(posted))["sid"]) for posted in listening.posted]
    expected = [("/back?app=1", sid)] + ([("/other", sid)] if kind == "SSO" else [])
    assert sorted(found) == expected


def test_a_consent_that_is_withdrawn_is_told_to_its_app(house, app, listening, worker):
    pool_options.set_for_client(house.call(), app.client_id, {"third_party": "true"})
    pool_options.set_for_client(house.call(), app.client_id, {"third_party": "false"})
    cookie = app.browser()
    app.redeem(app.code(cookie))
    call, sub = house.call(), claims(app.redeem(app.code(cookie))[1]["id_token"])["sub"]
    with call.db.write() as tx:
        assert stored.put(tx, stored.Consent(app.pool_id, sub, app.client_id, "openid", "app", 0), epoch=0)

    assert consents.withdraw(call, app.pool_id, "alice", app.client_id)
    run(worker)

    assert len(told(listening, app.client_id)) == 1


def test_somebody_else_at_the_same_browser_signs_the_former_out(house, app, listening, worker):
    house.user(app.pool_id, "bob")
    browser = Browser(house, app.pool_id, app.client_id).sign_in("alice", PASSWORD)
    sid = claims(app.redeem(browser.given["code"])[1]["id_token"])["sid"]
    browser.sign_in("alice", PASSWORD)
    run(worker)
    assert listening.posted == [], "the same person signed in again"
    sid = claims(app.redeem(browser.given["code"])[1]["id_token"])["sid"]
    browser.sign_in("bob", PASSWORD)
    run(worker)

    assert [said["sid"] for _, said in told(listening, app.client_id)] == [sid]


def test_a_notice_is_lost_with_the_transaction_and_with_nothing_else(house, app, listening, worker):
    app.redeem(app.code(app.browser()))
    call = house.call()
    sub = house.idp.admin_get_user(UserPoolId=app.pool_id, **WHO)["UserAttributes"][0]["Value"]
    with pytest.raises(ZeroDivisionError), call.db.write() as tx:
        logout_notices.add(call, tx, app.pool_id, sub)
        raise ZeroDivisionError
    run(worker)
    assert listening.posted == []
    house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, **WHO)
    worker.stop()
    assert worker.run_due() == 0
    another = LogoutWorker(house.call, Outgoing(["127.0.0.0/8"]))
    run(another)
    assert len(listening.posted) == 1
    another.stop()


def test_what_is_not_taken_is_sent_again_with_a_token_of_its_own_until_patience_ends(house, app, listening, worker):
    listening.answer = lambda handler, posted: say(handler, status=400)
    app.redeem(app.code(app.browser()))
    house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, **WHO)
    run(worker)
    assert len(listening.posted) == 1, "not again at once"

    for _ in range(MOST_ATTEMPTS + 2):
        house.clock.advance(seconds=12 * 3600)
        run(worker)

    found = told(listening, app.client_id)
    assert len(found) == MOST_ATTEMPTS
    assert len({said["jti"] for _, said in found}) == MOST_ATTEMPTS
    assert all(said["exp"] - said["iat"] == 120 for _, said in found)


def test_an_app_that_recovers_is_told(house, app, listening, worker):
    listening.answer = lambda handler, posted: say(handler, status=503)
    app.redeem(app.code(app.browser()))
    house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, **WHO)
    run(worker)
    listening.answer = lambda handler, posted: say(handler)
    house.clock.advance(seconds=7)
    run(worker)
    house.clock.advance(seconds=24 * 3600)
    run(worker)

    assert len(listening.posted) == 2


def test_private_places_are_reached_only_where_the_operator_allows(house, app, listening):
    worker = LogoutWorker(house.call, Outgoing())
    app.redeem(app.code(app.browser()))
    house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, **WHO)
    run(worker)

    assert listening.posted == []
    worker.stop()


def test_a_client_that_is_gone_is_told_nothing(house, app, listening, worker):
    app.redeem(app.code(app.browser()))
    house.idp.admin_user_global_sign_out(UserPoolId=app.pool_id, **WHO)
    house.idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
    run(worker)
    house.clock.advance(seconds=24 * 3600)
    run(worker)

    assert listening.posted == []


@pytest.mark.parametrize(
    "address",
    [
        "http://app.example.com/back",
        "ftp://app.example.com",
        "https://user@app.example.com/",
        "https://app.example.com/#x",
        "https://app.example.com/a b",
        "https://app.example.com/;script-src *\"'",
        "https://app.example.com/" + "a" * 1024,
        "javascript:alert(1)",
    ],
)
@pytest.mark.parametrize("channel", [logout_tokens.FRONT, logout_tokens.BACK])
def test_an_address_that_cannot_be_right_is_refused(house, app, address, channel):
    with pytest.raises(ValueError, match="takes address"):
        pool_options.set_for_client(house.call(), app.client_id, {channel: address})
