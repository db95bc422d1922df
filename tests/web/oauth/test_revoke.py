"""Revocation at the OAuth endpoint (RFC 7009), answered as Cognito does."""

import pytest
from tests.oauth import App


@pytest.fixture
def pool(house):
    pool_id = house.pool()
    house.user(pool_id)
    return pool_id


@pytest.fixture
def app(house, pool):
    return App(house, pool)


def given(app):
    return app.redeem(app.code(app.browser()))[1]


def revoke(app, **form):
    status, _, answer = app.post("/oauth2/revoke", {"client_id": app.client_id, **form})
    return status, answer


def test_a_refresh_token_ends_and_may_be_ended_again(app):
    token = given(app)["refresh_token"]

    assert [revoke(app, token=token), revoke(app, token=token)] == [(200, b""), (200, b"")]
    assert app.token(grant_type="refresh_token", refresh_token=token) == (400, {"error": "invalid_grant"})


def test_unknown_tokens_end_without_a_word(app):
    for token in ("x", "a.b.c.d.e", "x" * 5_000):
        assert revoke(app, token=token) == (200, b"")


def test_access_tokens_and_no_tokens_are_refused(app):
    assert revoke(app, token=given(app)["access_token"]) == (400, {"error": "unsupported_token_type"})
    assert revoke(app) == (400, {"error": "invalid_request"})


def test_a_client_without_revocation_revokes_nothing(house, pool):
    app = App(house, pool, EnableTokenRevocation=False)

    assert revoke(app, token=given(app)["refresh_token"]) == (400, {"error": "invalid_request"})


def test_a_client_must_prove_itself(house, pool):
    app = App(house, pool, GenerateSecret=True)

    assert revoke(app, token="x") == (401, {"error": "invalid_client"})
    assert revoke(app, token="x", client_secret=app.secret) == (200, b"")


def test_another_clients_token_lives_on(house, pool, app):
    other = App(house, pool)
    token = given(app)["refresh_token"]

    assert revoke(other, token=token) == (200, b"")
    assert app.token(grant_type="refresh_token", refresh_token=token)[0] == 200
