"""Token exchange at the token endpoint (RFC 8693); what it gives is tests/operations/idp/test_derived_token.py."""

import pytest
from tests.machines import API, READ, add_api, machine, token_of
from tests.oauth import App
from tests.sign_ins import claims as claims_of

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"
ACCESS, ID = f"{TYPE}access_token", f"{TYPE}id_token"
SCOPES = ["openid", "email", READ]


@pytest.fixture
def web(house):
    pool_id = house.pool()
    add_api(house, pool_id)
    house.user(pool_id, email="alice@example.com")
    return App(house, pool_id, AllowedOAuthScopes=SCOPES)


@pytest.fixture
def service(web):
    flows = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION"]
    return App(web.house, web.pool_id, GenerateSecret=True, ExplicitAuthFlows=flows, AllowedOAuthScopes=SCOPES)


@pytest.fixture
def tokens(web):
    return web.redeem(web.code(web.browser()))[1]


def exchange(app, token, kind=ACCESS, **form):
    return app.token(grant_type=GRANT, subject_token=token, subject_token_type=kind, **form)


def test_the_answer_says_what_was_issued(service, tokens):
    status, told = exchange(service, tokens["access_token"], scope=f"openid {READ}", resource=API)

    assert (status, list(told)) == (
        200,
        ["access_token", "issued_token_type", "token_type", "expires_in", "scope"],
    )
    assert (told["issued_token_type"], told["token_type"], told["scope"]) == (ACCESS, "Bearer", f"openid {READ}")
    said = claims_of(told["access_token"])
    assert (said["aud"], said["version"], said["client_id"]) == (API, 2, service.client_id)


def test_an_id_token_is_no_access_token(service, tokens):
    _, told = exchange(service, tokens["access_token"], requested_token_type=ID)

    assert (told["issued_token_type"], told["token_type"]) == (ID, "N_A")
    assert claims_of(told["access_token"])["token_use"] == "id"


def test_an_actor_is_named(service, tokens):
    robot = machine(service.house, service.pool_id, READ)

    _, told = exchange(
        service, tokens["id_token"], ID, actor_token=token_of(robot)["access_token"], actor_token_type=ACCESS
    )

    assert claims_of(told["access_token"])["act"] == {"sub": robot.client_id, "client_id": robot.client_id}


def test_what_is_wrong_is_told_in_the_words_of_the_standard(service, web, tokens):
    subject = tokens["access_token"]
    wrong = {
        "unauthorized_client": [(web, subject, {})],
        "invalid_scope": [(service, subject, {"scope": "phone"})],
        "invalid_target": [
            (service, subject, {"resource": "https://elsewhere.example"}),
            (service, subject, {"audience": "elsewhere"}),
        ],
        "invalid_request": [
            (service, "x", {}),
            (service, tokens["id_token"], {}),
            (service, tokens["refresh_token"], {}),
            (service, subject, {"audience": API, "resource": API}),
            (service, subject, {"actor_token": subject}),
            (service, subject, {"actor_token_type": ACCESS}),
            (service, subject, {"kind": f"{TYPE}saml2"}),
            (service, subject, {"kind": f"{TYPE}refresh_token"}),
            (service, subject, {"requested_token_type": f"{TYPE}refresh_token"}),
            (service, "", {}),
        ],
    }

    for error, requests in wrong.items():
        for app, token, form in requests:
            status, told = exchange(app, token, **form)
            assert (status, told["error"]) == (400, error), form


def test_no_refresh_token_comes_of_it(service, tokens):
    _, told = exchange(service, tokens["access_token"])

    assert "refresh_token" not in told
    assert exchange(service, told["access_token"])[0] == 200
