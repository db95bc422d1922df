"""What the plans of FAPI 2 ask of pushed authorization requests (RFC 9126)."""

import pytest

KINDS = ["standard"]


@pytest.fixture
def name(rp):
    """The name of a request that was pushed."""
    status, told = rp.push()
    assert (status, 5 <= told["expires_in"] <= 600) == (201, True)
    return told["request_uri"]


def opened(rp, name, **changes):
    """What the browser shows that brings the name; whoever is asked there signs in."""
    shown = rp.send({"client_id": rp.client_id, "request_uri": name, **changes})
    return shown.submit(username="alice", password="Passw0rd!") if "password" in shown.page.inputs else shown


def is_refused(shown):
    return (shown.status, shown.left) == (400, "")


def test_a_pushed_request_leads_to_a_code_by_its_name(rp, name):
    assert "code=" in opened(rp, name).left


def test_a_name_is_bound_to_its_client(rp, app, name):
    other = app("https://other.example.com/callback")

    assert is_refused(opened(other, name))
    assert "code=" in opened(rp, name).left


def test_a_name_expires(rp, house, name):
    house.clock.advance(seconds=600)

    assert is_refused(opened(rp, name))


def test_a_name_is_answered_once(rp, name):
    assert "code=" in opened(rp, name).left

    assert is_refused(opened(rp, name))


def test_nothing_beside_the_name_counts(rp, name):
    changed = {"redirect_uri": "https://evil.example.com/", "scope": "openid email", "response_type": "token"}

    shown = opened(rp, name, **changed)

    assert shown.left.startswith(f"{rp.redirect_uri}?code=")


def test_a_name_may_not_be_pushed_again(rp, name):
    assert rp.push(request_uri=name) == (400, {"error": "invalid_request"})


def test_a_request_with_an_address_that_is_not_registered_is_refused_at_once(rp):
    status, told = rp.push(redirect_uri="https://evil.example.com/")

    assert (status, told["error"]) == (400, "invalid_request")


def test_a_client_that_proves_nothing_pushes_nothing(rp):
    rp.secret = "wrong"

    status, told = rp.push()

    assert (status, told["error"]) == (401, "invalid_client")
