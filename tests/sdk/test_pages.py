"""Apps that live in a browser: they send it to Lido's pages, and speak with Lido across origins."""

import boto3
import pytest
from tests.conftest import ENGINES
from tests.sdk.apps import make_app
from tests.sdk.bundle import bundle, served, tell

pytestmark = pytest.mark.sdk


@pytest.fixture
def address(node, tmp_path):
    """The origin of the apps' pages."""
    with served(tmp_path) as address:
        yield address


def start(page, address):
    page.goto(f"{address}/")
    page.wait_for_function("window.app")


def fill_in(page, address):
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", "Passw0rd!")
    page.click("[name=signInSubmitButton]")
    page.wait_for_url(f"{address}/**")
    page.wait_for_function("window.app")


# What the engines do differently is tried without a browser.
@pytest.mark.parametrize("server", ENGINES[:1], indirect=True)
def test_oidc_client_ts(aws, idp, page, address, tmp_path):
    app = make_app(idp, aws, CallbackURLs=[f"{address}/"], LogoutURLs=[f"{address}/"])
    bundle("page-oidc-client-ts.mjs", tmp_path)
    tell(tmp_path, app.facts())
    start(page, address)

    page.evaluate("void app.signIn()")
    fill_in(page, address)
    user = page.evaluate("app.user()")
    renewed = page.evaluate("app.renew()")
    framed = page.evaluate("app.renewInAFrame()")

    assert (user["username"], user["name"], user["refreshToken"]) == ("alice", "Alice Liddell", True)
    assert [again["sub"] for again in (renewed, framed)] == [user["sub"]] * 2
    assert len({again["token"] for again in (user, renewed, framed)}) == 3

    page.evaluate("app.revoke()")
    page.evaluate("void app.signOut()")
    page.wait_for_url(f"{address}/?state=*")
    page.wait_for_function("window.app")
    assert page.evaluate("app.user()") is None
    assert page.evaluate("app.failsToRenew()") == "login_required"


@pytest.fixture
def secure_idp(secure_server, real_time, monkeypatch):
    authority = str(secure_server.data_dir / "tls" / "ca.pem")
    for name, value in {**secure_server.env, "AWS_CA_BUNDLE": authority}.items():
        monkeypatch.setenv(name, value)
    client = boto3.Session().client("cognito-idp")
    yield client
    client.close()


def domain_of(idp, server, app, kind):
    """Where the pages of an app's pool are: below its path, or at a domain of its own."""
    if kind == "path":
        return app.issuer.removeprefix("https://")
    prefix = app.client_id
    idp.create_user_pool_domain(UserPoolId=app.pool_id, Domain=prefix)
    return f"{prefix}.auth.localhost:{server.port}"


@pytest.mark.parametrize("kind", ["path", "domain"])
def test_amplify_by_redirect(secure_server, secure_idp, page, address, tmp_path, kind):
    app = make_app(secure_idp, secure_server, CallbackURLs=[f"{address}/"], LogoutURLs=[f"{address}/"])
    domain = domain_of(secure_idp, secure_server, app, kind)
    bundle("page-aws-amplify.mjs", tmp_path)
    facts = {"endpoint": secure_server.url, "domain": domain, "userPoolId": app.pool_id, "clientId": app.client_id}
    tell(tmp_path, facts)
    start(page, address)

    page.evaluate("void app.signIn()")
    fill_in(page, address)
    page.wait_for_function("app.heard().includes('customOAuthState')")
    assert page.url == f"{address}/"
    assert page.evaluate("app.user()") == "alice"
    assert page.evaluate("app.attributes()")["email"] == "alice@example.com"
    session = page.evaluate("app.session()")
    forced = page.evaluate("app.session({ forceRefresh: true })")
    assert (session["claims"]["cognito:username"], forced["claims"]["name"]) == ("alice", "Alice Liddell")
    assert session["access"] != forced["access"]

    with page.expect_event("load"):
        page.evaluate("void app.signOut()")
    page.wait_for_function("window.app")
    assert page.url == f"{address}/"
    assert page.evaluate("app.user()") is None
    with pytest.raises(secure_idp.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        secure_idp.get_user(AccessToken=forced["access"])
    page.evaluate("void app.signIn()")
    assert page.wait_for_selector("[name=password]")
    assert page.url.startswith(f"https://{domain}/login")
