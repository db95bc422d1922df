"""What the endpoints answer to requests that reach none of them: methods, paths and bodies that are not theirs."""

import json
from urllib.parse import urlencode

import pytest
from tests.oauth import CALLBACK, App

PROGRAMS = ["token", "revoke", "register", "par", "device_authorization", "introspect", "userInfo"]


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    return App(house, pool_id)


def ask(app, method, path, cookie="", body=b"", **query):
    url = f"http://lido.test/{app.pool_id}{path}?{urlencode(query)}"
    return app.house.http(method, url, {"cookie": f"cognito={cookie}"}, body)


def wish(app):
    return {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK}


def readable(answer):
    """The status and the error that a page of any origin can read."""
    status, headers, body = answer
    assert headers["content-type"] == "application/json"
    assert headers["access-control-allow-origin"] == "*"
    return status, json.loads(body)["error"]


def test_a_look_at_the_head_makes_no_code(app):
    status, headers, _ = ask(app, "HEAD", "/oauth2/authorize", app.browser(), **wish(app))

    assert (status, headers["allow"]) == (405, "GET, POST")
    assert "location" not in headers


def test_a_look_at_the_head_signs_nobody_out(app):
    cookie = app.browser()

    status, headers, _ = ask(app, "HEAD", "/logout", cookie, client_id=app.client_id)

    assert (status, headers["allow"]) == (405, "GET, POST")
    assert app.authorize(cookie)[1]["code"]


def test_pages_may_be_looked_at_by_their_heads(app):
    assert ask(app, "HEAD", "/login", **wish(app))[0] == 200
    assert ask(app, "HEAD", "/signedOut")[0] == 200
    assert ask(app, "HEAD", "/.well-known/jwks.json")[0] == 200


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_method_that_an_endpoint_lacks_is_told_with_those_that_it_has(app, name, method):
    _, headers, _ = answer = ask(app, method, f"/oauth2/{name}")

    assert readable(answer) == (405, "invalid_request")
    assert "POST" in headers["allow"].split(", ")
    assert method not in headers["allow"]


def test_an_endpoint_that_is_none_says_so_in_json(app):
    for method in ("GET", "POST", "HEAD"):
        assert readable(ask(app, method, "/oauth2/tokens")) == (404, "invalid_request")
    nowhere = app.house.http("POST", "http://lido.test/oauth2/token")
    assert readable(nowhere) == (404, "invalid_request"), "a host that is no pool's"


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_body_that_is_too_long_is_told_in_json(app, name):
    assert readable(ask(app, "POST", f"/oauth2/{name}", body=b"x" * 65_537)) == (413, "invalid_request")


def test_a_query_that_is_no_text_is_told_in_json(app):
    url = f"http://lido.test/{app.pool_id}/oauth2/userInfo"

    assert readable(app.house.http("GET", f"{url}?x=\xff")) == (400, "invalid_request")
