"""Web applications that leave signing in to Lido, seen by somebody with a browser."""

import json

import pytest
from tests.sdk.apps import make_app
from tests.sdk.sites import free_address, site
from tests.sdk.visitor import Visitor

pytestmark = pytest.mark.sdk


@pytest.fixture
def address():
    return free_address()


@pytest.fixture
def visitor(aws, address):
    with Visitor(aws, address) as visitor:
        yield visitor


@pytest.fixture
def visit(visitor, address):
    """Opens a page of the site, and says what was on the page that it led to in the end."""

    def visit(path):
        visitor.go(f"{address}{path}")
        return json.loads(visitor.text)

    return visit


def assert_signed_out(visit, visitor, path):
    """The pages ask who it is; before, signing in once was enough."""
    assert visitor.passwords == 1
    visit(path)
    assert visitor.passwords == 2


@pytest.fixture
def app(aws, idp, address):
    paths = ["callback", "oidc/callback/", "complete/cognito/", "auth/callback/cognito"]
    callbacks = [f"{address}/{path}" for path in paths]
    return make_app(idp, aws, GenerateSecret=True, CallbackURLs=callbacks, LogoutURLs=[f"{address}/"])


def test_authlib_in_flask(aws, app, address, visitor, visit):
    with site("site_authlib.py", aws, app.facts(site=address)):
        assert visit("/login") == {"name": "Alice Liddell", "email": "alice@example.com", "same": True}
        assert visit("/refresh") == {"user": "alice", "new": True, "name": "Alice Liddell"}
        visit("/login")
        assert visit("/logout") == {"user": None}
        assert_signed_out(visit, visitor, "/login")


def test_mozilla_django_oidc(aws, app, address, visitor, visit, tmp_path):
    with site("site_django.py", aws, app.facts(site=address, folder=str(tmp_path))):
        assert visit("/") == {"user": None, "proven": False}
        assert visit("/oidc/authenticate/") == {"user": "alice@example.com", "proven": True}
        assert visit("/age") == {}
        assert visit("/") == {"user": "alice@example.com", "proven": True}
        assert visit("/leave") == {"user": None, "proven": False}
        assert_signed_out(visit, visitor, "/oidc/authenticate/")


def test_python_social_auth(aws, app, address, visitor, visit, tmp_path):
    with site("site_social_auth.py", aws, app.facts(site=address, folder=str(tmp_path))):
        assert visit("/") == {"user": "", "email": None}
        assert visit("/enter") == {"user": "alice", "email": "alice@example.com"}
        assert visit("/refresh") == {"new": True, "sub": True}
        assert visit("/leave") == {"user": "", "email": None}
        assert_signed_out(visit, visitor, "/enter")


def test_auth_js(aws, node, app, address, visitor, visit):
    with site("site-auth-js.mjs", aws, app.facts(site=address), AUTH_SECRET="of the tests"):
        assert visit("/") is None
        assert visit("/auth/signin?callbackUrl=/")["user"] == {"name": "Alice Liddell", "email": "alice@example.com"}
        assert visit("/auth/signout?callbackUrl=/leave") is None
        assert_signed_out(visit, visitor, "/auth/signin?callbackUrl=/")
