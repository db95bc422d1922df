"""The token endpoint: how a client proves itself there, and how refusals look."""

from base64 import b64encode

import pytest
from tests.oauth import CALLBACK, FORM, App
from tests.sign_ins import claims

REFUSED = (400, {"error": "invalid_client", "error_description": "invalid_client_secret"})


@pytest.fixture
def pool(house):
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com", email_verified="true")
    return pool_id


@pytest.fixture
def app(house, pool):
    return App(house, pool)


@pytest.fixture
def confidential(house, pool):
    return App(house, pool, GenerateSecret=True)


def basic(client_id, secret):
    return {"authorization": "Basic " + b64encode(f"{client_id}:{secret}".encode()).decode()}


def exchange(app, form=None, headers=None, **code):
    """A whole exchange of a fresh code; status and answer."""
    given = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code": app.code(app.browser(), **code)}
    status, _, answer = app.post("/oauth2/token", given | (form or {}), headers)
    return status, answer


def test_a_secret_comes_by_http_basic_or_in_the_form(confidential):
    app = confidential
    in_form = {"client_id": app.client_id, "client_secret": app.secret}

    assert exchange(app, in_form)[0] == 200
    assert exchange(app, {}, basic(app.client_id, app.secret))[0] == 200
    assert exchange(app, {"client_id": app.client_id}, basic(app.client_id, app.secret))[0] == 200


def test_a_secret_may_be_percent_encoded_and_have_a_plus(house, pool):
    app = App(house, pool, ClientSecret="a+secret+of+24+characters+at+least")

    assert exchange(app, {}, basic(app.client_id, app.secret))[0] == 200
    assert exchange(app, {}, basic(app.client_id, app.secret.replace("+", "%2B")))[0] == 200
    assert exchange(app, {}, basic(app.client_id, app.secret.replace("+", " ")))[0] == 400


@pytest.mark.parametrize("secret", ["wrong", "é" * 24, ""])
def test_a_wrong_secret_is_refused(confidential, secret):
    app = confidential

    for form, headers in (
        ({"client_id": app.client_id, "client_secret": secret}, None),
        ({}, basic(app.client_id, secret)),
    ):
        status, answer = exchange(app, form, headers)
        assert (status, answer["error"]) == (400, "invalid_client")


def test_an_unknown_client_is_unauthorized_where_the_pool_wants_standard_answers(house):
    app = App(house, house.pool(UserPoolTags={"lido:standard_answers": "true"}), GenerateSecret=True)

    for headers in (basic(app.client_id, "wrong"), basic("nobody", "x")):
        status, answered, told = app.post("/oauth2/token", {"grant_type": "refresh_token"}, headers)
        assert (status, told["error"]) == (401, "invalid_client")
        assert answered["www-authenticate"] == 'Basic realm="OAuth"'
    assert app.post("/oauth2/token", {"grant_type": "x"}, basic(app.client_id, app.secret))[0] == 400


def test_a_public_client_has_no_secret_to_send(app):
    assert exchange(app, {"client_id": app.client_id, "client_secret": "x" * 24}) == REFUSED
    assert exchange(app, {}, basic(app.client_id, "x" * 24)) == REFUSED
    assert exchange(app, {"client_id": app.client_id})[0] == 200


def test_clients_that_do_not_exist_here_are_unknown(house, app):
    elsewhere = App(house, house.pool())

    for client_id in ("nobody", "", "a" * 500, elsewhere.client_id, "a\0b"):
        status, answer = exchange(app, {"client_id": client_id})
        assert status == 400
        assert answer["error"] in ("invalid_client", "invalid_request")
    assert exchange(app)[1] == {"error": "invalid_client"}


def test_two_ways_to_prove_oneself_at_once_are_one_too_many(confidential):
    app = confidential
    twice = {"client_id": app.client_id, "client_secret": app.secret}

    assert exchange(app, twice, basic(app.client_id, app.secret)) == (400, {"error": "invalid_request"})
    assert exchange(app, {"client_id": "other"}, basic(app.client_id, app.secret)) == (400, {"error": "invalid_client"})
    for header in ("Basic !!!", "Basic " + b64encode(b"nocolon").decode(), "Basic " + b64encode(b"\xff:x").decode()):
        assert exchange(app, {}, {"authorization": header}) == (400, {"error": "invalid_client"})


def test_either_of_two_secrets_proves_a_client(house, confidential):
    app = confidential
    added = house.idp.add_user_pool_client_secret(UserPoolId=app.pool_id, ClientId=app.client_id)

    second = added["ClientSecretDescriptor"]["ClientSecretValue"]
    for secret in (app.secret, second):
        assert exchange(app, {}, basic(app.client_id, secret))[0] == 200
    first = house.idp.list_user_pool_client_secrets(UserPoolId=app.pool_id, ClientId=app.client_id)["ClientSecrets"][0]
    house.idp.delete_user_pool_client_secret(
        UserPoolId=app.pool_id, ClientId=app.client_id, ClientSecretId=first["ClientSecretId"]
    )
    former, app.secret = app.secret, second
    assert exchange(app, {}, basic(app.client_id, former))[0] == 400


def test_a_request_is_a_form_whose_names_come_once(app):
    token = {"client_id": app.client_id, "grant_type": "refresh_token", "refresh_token": "x"}

    for headers in ({"content-type": "application/json"}, {"content-type": ""}):
        assert app.post("/oauth2/token", token, headers)[::2] == (400, {"error": "invalid_request"})
    status, _, body = app.house.http(
        "POST",
        f"http://lido.test/{app.pool_id}/oauth2/token",
        {"content-type": FORM},
        b"client_id=a&client_id=b&grant_type=refresh_token",
    )
    assert (status, b"invalid_request" in body) == (400, True)
    assert app.get("/oauth2/token")[0] == 405


@pytest.mark.parametrize("grant", ["password", "", "AUTHORIZATION_CODE"])
def test_other_grants_are_not_supported(app, grant):
    expected = "unsupported_grant_type" if grant else "invalid_request"

    assert app.token(grant_type=grant) == (400, {"error": expected})


def test_a_client_without_the_code_grant_redeems_none(house, app):
    machine = App(house, app.pool_id, AllowedOAuthFlowsUserPoolClient=False)

    assert machine.redeem("x") == (400, {"error": "unauthorized_client"})


def test_a_refresh_token_of_the_api_is_taken_here_too(house, app):
    given = {"USERNAME": "alice", "PASSWORD": "Passw0rd!"}
    signed_in = house.idp_unsigned.initiate_auth(
        ClientId=app.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given
    )

    status, told = app.token(
        grant_type="refresh_token", refresh_token=signed_in["AuthenticationResult"]["RefreshToken"]
    )

    assert status == 200
    assert claims(told["access_token"])["scope"] == "aws.cognito.signin.user.admin"


def test_a_refresh_token_of_a_code_is_taken_by_the_api_too(house, app):
    _, told = app.redeem(app.code(app.browser(), scope="openid email"))

    given = house.idp_unsigned.get_tokens_from_refresh_token(
        ClientId=app.client_id, RefreshToken=told["refresh_token"]
    )["AuthenticationResult"]

    assert claims(given["AccessToken"])["scope"] == "openid email"


def test_rotated_refresh_tokens_come_with_their_successor(house, pool):
    app = App(
        house,
        pool,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    _, first = app.redeem(app.code(app.browser()))

    _, second = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])[1] == {"error": "invalid_grant"}
    assert app.token(grant_type="refresh_token", refresh_token=second["refresh_token"])[0] == 400, "the family is dead"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.b.c.d.e", "x" * 5_000])
def test_what_is_no_refresh_token_is_refused(app, token):
    status, answer = app.token(grant_type="refresh_token", refresh_token=token)

    assert (status, answer["error"]) == (400, "invalid_grant" if token else "invalid_request")


def test_answers_are_not_kept_and_may_be_read_by_pages(app):
    status, headers, _ = app.post("/oauth2/token", {"grant_type": "x", "client_id": app.client_id})

    assert status == 400
    assert "no-store" in headers["cache-control"]
    assert headers["access-control-allow-origin"] == "*"
    assert headers["x-amz-cognito-request-id"]
    status, preflight, _ = app.house.http("OPTIONS", f"http://lido.test/{app.pool_id}/oauth2/token")
    assert (status, preflight["access-control-allow-headers"]) == (204, "*, authorization")
