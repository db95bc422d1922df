"""Forms that were not sent by a page of ours are refused, and pages keep to themselves."""

import pytest
from tests.pages import Browser, oauth_app
from tests.world import PASSWORD

FORMS = ["login", "challenge", "signup", "confirm", "resendcode", "forgotPassword", "confirmForgotPassword", "link"]
FORMS += ["resetPassword", "passkeys/add"]
PAGES = ["login", "signup", "confirm", "forgotPassword", "confirmForgotPassword", "resetPassword", "link", "error"]


@pytest.fixture
def browser(house):
    pool = house.pool()
    house.user(pool)
    return Browser(house, pool, oauth_app(house, pool)["ClientId"]).open("login")


def send(browser, path="login", headers=None, **fields):
    given = {"_csrf": browser.cookies.get("XSRF-TOKEN", ""), "username": "alice", "password": PASSWORD, **fields}
    return browser.post(f"{browser.base}/{path}?{browser.query}", given, headers)


def refused(browser):
    return (browser.status, browser.left, "Start again" in browser.words) == (403, "", True)


@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_taken_without_the_token_of_this_browser(browser, path):
    assert refused(send(browser, path, _csrf=""))
    assert refused(send(browser, path, _csrf="00000000-0000-4000-8000-000000000000"))


def test_a_token_without_its_cookie_is_none(browser):
    token = browser.cookies.pop("XSRF-TOKEN")

    assert refused(send(browser, _csrf=token))


@pytest.mark.parametrize("planted", ["", "x", "x" * 36, '"><script>'])
def test_a_token_that_we_cannot_have_given_is_none(browser, planted):
    browser.cookies["XSRF-TOKEN"] = planted

    assert refused(send(browser, _csrf=planted))


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:9229.evil.example"},
        {"sec-fetch-site": "cross-site"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_the_token(browser, headers):
    assert refused(send(browser, headers=headers))


def test_the_page_that_refuses_leads_back_with_a_new_token(browser):
    browser.cookies.clear()
    send(browser)

    assert browser.follow("Start again").title == "Sign in"
    assert browser.submit(username="alice", password=PASSWORD).given["code"]


def test_nobody_is_signed_in_by_somebody_else_s_form(house, browser):
    thief = Browser(
        house, browser.base.rpartition("/")[2], dict(p.split("=") for p in browser.query.split("&"))["client_id"]
    )
    thief.open("login")

    assert refused(send(browser, _csrf=thief.cookies["XSRF-TOKEN"]))
    assert "cognito" not in browser.cookies


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"username":"alice"}'),
        ("text/plain", b"username=alice"),
        ("application/x-www-form-urlencoded", b"username=alice&username=bob"),
        ("application/x-www-form-urlencoded", b"username=%00"),
        ("application/x-www-form-urlencoded", b"username=%ff"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % number for number in range(200))),
    ],
)
def test_what_is_no_form_of_ours_is_refused(browser, content_type, body):
    browser.fetch("POST", f"{browser.base}/login?{browser.query}", {"content-type": content_type}, body)

    assert browser.status == 400
    assert "The form could not be read." in browser.words


def test_a_form_that_is_too_long_is_refused_unread(browser):
    browser.fetch("POST", f"{browser.base}/login?{browser.query}", {}, b"a" * 70_000)

    assert browser.status == 413


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_not_kept_not_framed_and_run_nothing_strange(browser, path):
    headers = browser.open(path).headers
    policy = headers["content-security-policy"]

    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy
    assert "<style" not in browser.markup
    assert "style=" not in browser.markup


def test_files_are_served_under_the_name_of_their_content_alone(house, browser):
    sheet = next(given["href"] for tag, given in browser.page.tags if given.get("rel") == "stylesheet")
    status, headers, _ = house.http("GET", f"http://lido.test{sheet}")

    assert (status, headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert "immutable" in headers["cache-control"]
    for name in ("style.css", "style.000000000000.css", "..%2fpages.py", "sign_in.html"):
        assert house.http("GET", f"{browser.base}/static/{name}")[0] == 404
