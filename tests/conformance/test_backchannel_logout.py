"""The plan of back-channel logout: apps are told behind the browser that a session is over."""

from urllib.parse import parse_qs

import jwt
import pytest
from tests.conformance.plans import module
from tests.receivers import receiving

from lido.flows import pool_options
from lido.flows.logout_worker import LogoutWorker
from lido.ports.outgoing import Outgoing

PLANS = ["oidcc-backchannel-rp-initiated-logout-certification-test-plan"]

GOODBYE = "https://rp.example.com/goodbye"
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@pytest.fixture
def rp(app):
    return app(LogoutURLs=[GOODBYE])


@pytest.fixture
def listening(tmp_path):
    """Where the app is told."""
    with receiving(tmp_path, tls=False) as found:
        yield found


@pytest.fixture
def worker(house):
    """What tells it."""
    outgoing = Outgoing(["127.0.0.0/8"])
    worker = LogoutWorker(house.call, outgoing)
    yield worker
    worker.stop()
    outgoing.close()


@module("oidcc-backchannel-logout-discovery-endpoint-verification")
def test_the_metadata_says_that_apps_are_told_behind_the_browser(rp):
    assert rp.metadata["backchannel_logout_supported"] is True
    assert rp.metadata["backchannel_logout_session_supported"] is True


@module("oidcc-backchannel-rp-initiated-logout")
def test_a_sign_out_brings_a_logout_token_to_the_app_and_the_browser_back(rp, house, listening, worker):
    told = {"backchannel_logout_uri": listening.url("/back"), "backchannel_logout_session_required": "true"}
    pool_options.set_for_client(house.call(), rp.client_id, told)
    _, tokens = rp.sign_in()

    shown = rp.sign_out(id_token_hint=tokens.id, post_logout_redirect_uri=GOODBYE, state="s")
    while worker.run_due():
        worker.finish()

    assert shown.left == f"{GOODBYE}?state=s"
    assert not rp.is_signed_in()
    [posted] = listening.posted
    assert posted.headers["content-type"] == "application/x-www-form-urlencoded"
    [token] = parse_qs(posted.body.decode())["logout_token"]
    claims = verified(rp, token)
    assert claims["events"] == {EVENT: {}}
    assert (claims["sub"], claims["sid"]) == (tokens.identity["sub"], tokens.identity["sid"])
    assert claims["jti"]
    assert "nonce" not in claims


def verified(rp, token):
    """The claims of a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""
    header = jwt.get_unverified_header(token)
    assert (header["alg"], header["typ"]) == ("RS256", "logout+jwt")
    keys = {key["kid"]: key for key in rp.json("GET", rp.metadata["jwks_uri"])["keys"]}
    claims = jwt.decode(
        token,
        jwt.PyJWK(keys[header["kid"]]).key,
        algorithms=["RS256"],
        audience=rp.client_id,
        issuer=rp.issuer,
        options={"verify_exp": False, "verify_iat": False, "require": ["iss", "aud", "iat", "exp", "jti", "events"]},
    )
    assert abs(claims["iat"] - rp.now()) <= 10
    assert rp.now() < claims["exp"] <= rp.now() + 120
    return claims
