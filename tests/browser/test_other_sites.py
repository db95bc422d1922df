"""Apps of another site than the pages, in a real browser: cookies, frames and forms cross from one to the other."""

from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from tests.browser.test_login import PASSWORD, Pool, arrived, callback, complaints

pytestmark = pytest.mark.sdk

__all__ = ["callback", "complaints"]


@pytest.fixture
def elsewhere(callback):
    """Where an app waits at a site of its own: the pages are at `localhost`."""
    return callback.replace("localhost", "127.0.0.1")


@pytest.fixture
def pool(server, idp, elsewhere):
    pool = Pool(server, idp, elsewhere)
    pool.alice()
    return pool


def sign_in(page, pool, **query):
    page.goto(pool.url(**query))
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def redeem(page, pool, code):
    """The app is let in: before that there is nothing to sign out of."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "client_id": pool.client,
        "redirect_uri": pool.callback,
    }
    assert page.request.post(f"{pool.server.url}/{pool.id}/oauth2/token", form=form).ok


def visit(page, elsewhere, markup):
    """The page of the app."""
    page.goto(elsewhere)
    page.set_content(markup)


def test_an_app_is_answered_by_a_form(page, pool, elsewhere, complaints):
    with page.expect_request(lambda request: (request.method, request.url) == ("POST", elsewhere)) as sent:
        sign_in(page, pool, response_mode="form_post")

    page.wait_for_url(elsewhere)
    told = dict(parse_qsl(sent.value.post_data))
    assert (bool(told["code"]), told["state"]) == (True, "s")
    assert complaints == []


def test_a_link_of_an_app_signs_out(page, pool, elsewhere, complaints):
    sign_in(page, pool)
    assert arrived(page)["code"]
    address = pool.url("logout", logout_uri=elsewhere).replace("&", "&amp;")
    visit(page, elsewhere, f'<a href="{address}">Sign out</a>')
    page.get_by_role("link", name="Sign out").click()
    page.wait_for_url(f"{elsewhere}**")

    page.goto(pool.url(prompt="none"))
    assert arrived(page)["error"] == "login_required"
    assert complaints == []


def test_a_picture_of_another_site_signs_nobody_out(page, pool, elsewhere):
    sign_in(page, pool)
    assert arrived(page)["code"]
    address = pool.url("logout", logout_uri=elsewhere).replace("&", "&amp;")
    for markup in (f'<img src="{address}">', f'<iframe src="{address}"></iframe>'):
        with page.expect_response("**/logout?**"):
            visit(page, elsewhere, markup)

    page.goto(pool.url(prompt="none"))
    assert arrived(page)["code"]


def test_apps_are_told_of_a_sign_out_in_a_frame(page, server, pool, elsewhere, complaints):
    gone = elsewhere.replace("/callback", "/gone")
    wanted = (f"frontchannel_logout_uri={gone}", "frontchannel_logout_session_required=true")
    server.lido("client", "set", pool.client, *wanted)
    sign_in(page, pool)
    redeem(page, pool, arrived(page)["code"])
    with page.expect_request(f"{gone}**") as loaded:
        page.goto(pool.url("logout", logout_uri=elsewhere))

    told = parse_qs(urlsplit(loaded.value.url).query)
    assert set(told) == {"iss", "sid"}
    assert loaded.value.frame.parent_frame is not None
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url(elsewhere)
    assert complaints == []


def test_people_let_an_app_of_somebody_else_in(page, server, pool, complaints):
    server.lido("client", "set", pool.client, "third_party=true")
    sign_in(page, pool)
    assert "127.0.0.1" in page.inner_text("main")
    page.get_by_role("button", name="Allow", exact=True).click()

    assert arrived(page)["code"]
    assert complaints == []
