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
def visit(aws, address):
    """Opens a page of the site, and says what was on the page that it led to in the end."""
    with Visitor(aws, address) as visitor:

        def visit(path):
            visitor.go(f"{address}{path}")
            return json.loads(visitor.text)

        yield visit


@pytest.fixture
def app(aws, idp, address):
    callbacks = [f"{address}/callback", f"{address}/oidc/callback/"]
    return make_app(idp, aws, GenerateSecret=True, CallbackURLs=callbacks, LogoutURLs=[f"{address}/"])


def test_authlib_in_flask(aws, app, address, visit):
    with site("site_authlib.py", app.facts(site=address)):
        assert visit("/login") == {"name": "Alice Liddell", "email": "alice@example.com", "same": True}
        assert visit("/refresh") == {"user": "alice", "new": True, "name": "Alice Liddell"}
        assert visit("/logout") == {"user": None}


def test_mozilla_django_oidc(aws, app, address, visit, tmp_path):
    with site("site_django.py", app.facts(site=address, folder=str(tmp_path))):
        assert visit("/") == {"user": None, "proven": False}
        assert visit("/oidc/authenticate/") == {"user": "alice@example.com", "proven": True}
        assert visit("/age") == {}
        assert visit("/") == {"user": "alice@example.com", "proven": True}
        assert visit("/leave") == {"user": None, "proven": False}
