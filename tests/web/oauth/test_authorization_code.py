"""The authorization code grant over HTTP: from a browser that is signed in to tokens, once."""

import pytest
from tests.oauth import CALLBACK, CHALLENGE, VERIFIER, App, landing
from tests.sign_ins import claims as claims_of


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com", email_verified="true")
    return App(house, pool_id)


def test_a_browser_that_is_signed_in_is_sent_back_with_a_code_at_once(app):
    where, told = app.authorize(app.browser(), state="abc", scope="openid email")

    assert where == CALLBACK
    assert (told["state"], told["iss"].endswith(app.pool_id)) == ("abc", True)
    assert list(told) == ["code", "state", "iss"]


def test_a_code_gives_tokens_of_what_was_asked_for(app):
    code = app.code(app.browser(), scope="openid email", nonce="n-1", resource="https://api.example.com")

    status, told = app.redeem(code)

    assert (status, list(told)) == (200, ["access_token", "id_token", "refresh_token", "token_type", "expires_in"])
    access, identity = claims_of(told["access_token"]), claims_of(told["id_token"])
    assert (access["scope"], access["version"], access["aud"]) == ("openid email", 2, "https://api.example.com")
    assert (identity["nonce"], identity["email"]) == ("n-1", "alice@example.com")
    assert identity["origin_jti"] == access["origin_jti"]


def test_without_openid_there_is_no_id_token(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthScopes=["openid", "aws.cognito.signin.user.admin"])

    _, told = app.redeem(app.code(app.browser(), scope="aws.cognito.signin.user.admin"))

    assert "id_token" not in told
    assert house.idp_unsigned.get_user(AccessToken=told["access_token"])["Username"] == "alice"


def test_a_code_works_once_and_a_second_use_ends_what_the_first_gave(app):
    code = app.code(app.browser())
    _, told = app.redeem(code)

    assert app.redeem(code) == (400, {"error": "invalid_grant"})
    assert app.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 400


def test_a_code_is_over_after_five_minutes(app):
    code = app.code(app.browser())
    app.house.clock.advance(seconds=300)

    assert app.redeem(code) == (400, {"error": "invalid_grant"})


def test_a_code_wants_the_verifier_of_its_challenge(app):
    cookie = app.browser()
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}

    assert app.redeem(app.code(cookie, **pkce), code_verifier=VERIFIER)[0] == 200
    for wrong in ({}, {"code_verifier": "w" * 64}, {"code_verifier": CHALLENGE}, {"code_verifier": "short"}):
        code = app.code(cookie, **pkce)
        assert app.redeem(code, **wrong) == (400, {"error": "invalid_grant"})
        assert app.redeem(code, code_verifier=VERIFIER)[0] == 400, "a failed try uses a code up"
    assert app.redeem(app.code(cookie), code_verifier=VERIFIER)[0] == 400, "a verifier without a challenge"


def test_a_code_belongs_to_its_client_its_pool_and_its_redirect_uri(app):
    cookie, other = app.browser(), App(app.house, app.pool_id)
    code = app.code(cookie)

    assert other.redeem(code)[0] == 400
    assert app.redeem(app.code(cookie), redirect_uri="https://app.example.com/callback/")[0] == 400
    assert app.redeem(code)[0] == 200, "another client has not used it up"


def test_a_redirect_uri_that_the_request_left_out_may_be_left_out_again(app):
    cookie = app.browser()

    def redeem(code, **form):
        return app.token(grant_type="authorization_code", code=code, **form)[0]

    assert redeem(app.code(cookie, redirect_uri=None)) == 200
    assert redeem(app.code(cookie, redirect_uri=None), redirect_uri=CALLBACK) == 200
    assert redeem(app.code(cookie, redirect_uri=None), redirect_uri="https://evil.example.com") == 400
    assert redeem(app.code(cookie)) == 400


def test_refreshed_tokens_say_the_same(app):
    _, first = app.redeem(app.code(app.browser(), scope="openid", nonce="n", resource="https://api.example.com"))

    status, told = app.token(grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert (status, list(told)) == (200, ["access_token", "id_token", "token_type", "expires_in"])
    access = claims_of(told["access_token"])
    assert (access["scope"], access["aud"], access["version"]) == ("openid", "https://api.example.com", 2)
    assert "nonce" not in claims_of(told["id_token"])


def test_whoever_is_not_signed_in_goes_to_the_pages_with_the_whole_request(app):
    where, told = app.authorize(None, state="a b", scope="openid")

    assert where.endswith(f"/{app.pool_id}/login")
    assert told == {
        "client_id": app.client_id,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "state": "a b",
        "scope": "openid",
    }


def test_prompt_none_asks_nobody(app):
    cookie = app.browser()

    assert app.authorize(None, prompt="none")[1]["error"] == "login_required"
    assert "code" in app.authorize(cookie, prompt="none")[1]
    app.house.clock.advance(seconds=3600)
    assert app.authorize(cookie, prompt="none")[1]["error"] == "login_required"


def test_a_request_that_another_site_posted_goes_on_as_get_which_brings_the_session(app):
    request = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK, "state": "a&b", "x": ""}

    status, headers, _ = app.post("/oauth2/authorize", request, {"origin": "https://app.example.com"})

    where, again = landing(headers["location"])
    assert (status, where) == (303, f"{app.base}/oauth2/authorize")
    assert app.authorize(app.browser(), **again)[1].keys() == {"code", "state", "iss"}


def test_a_request_that_brings_its_session_by_post_is_answered_at_once(app):
    cookie = {"cookie": f"cognito={app.browser()}"}
    request = {"client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK}

    status, headers, _ = app.post("/oauth2/authorize", request, cookie)

    assert (status, landing(headers["location"])[0]) == (302, CALLBACK)


def test_a_posted_request_too_long_for_an_address_leads_to_the_error_page(app):
    status, headers, _ = app.post("/oauth2/authorize", {"client_id": app.client_id, "state": "s" * 40_000})

    assert (status, headers["location"]) == (302, f"{app.base}/error?error=invalid_request")


def test_max_age_and_prompt_login_ask_again(app):
    cookie = app.browser()
    app.house.clock.advance(seconds=100)

    assert "code" in app.authorize(cookie, max_age="100")[1]
    assert app.authorize(cookie, max_age="99")[0].endswith("/login")
    assert app.authorize(cookie, prompt="login")[0].endswith("/login")


@pytest.mark.parametrize("deed", ["disable", "delete", "sign out", "reset"])
def test_a_browser_and_a_code_end_with_the_user(app, deed):
    cookie = app.browser()
    code = app.code(cookie)
    who = {"UserPoolId": app.pool_id, "Username": "alice"}
    match deed:
        case "disable":
            app.house.idp.admin_disable_user(**who)
        case "delete":
            app.house.idp.admin_delete_user(**who)
        case "sign out":
            app.house.idp.admin_user_global_sign_out(**who)
        case _:
            app.house.idp.admin_reset_user_password(**who)

    assert app.redeem(code) == (400, {"error": "invalid_grant"})
    assert app.authorize(cookie, prompt="none")[1]["error"] == "login_required"


@pytest.mark.parametrize(
    "uri",
    [
        CALLBACK + "/",
        CALLBACK + "?a=b",
        CALLBACK + "#x",
        "https://APP.example.com/callback",
        "https://app.example.com/callback/../callback",
        "https://app.example.com:443/callback",
        "https://user@app.example.com/callback",
        "https://app.example.com\\@evil.example/callback",
        "https://app.example.com.evil.example/callback",
        "http://app.example.com/callback",
        "https://app.example.com/%63allback",
        " " + CALLBACK,
    ],
)
def test_an_address_that_is_not_registered_letter_by_letter_leads_to_the_error_page(app, uri):
    where, told = app.authorize(app.browser(), redirect_uri=uri)

    assert where.endswith(f"/{app.pool_id}/error")
    assert told == {"error": "redirect_mismatch", "client_id": app.client_id}


def test_an_unknown_client_leads_to_the_error_page(app):
    other = App(app.house, app.house.pool())

    for client_id in ("nobody", other.client_id, ""):
        where, told = app.authorize(app.browser(), client_id=client_id)
        assert where.endswith(f"/{app.pool_id}/error")
        assert told["error"] == "invalid_request"


def test_a_wish_that_the_client_may_not_have_is_told_to_the_app(app):
    cookie = app.browser()
    refusals = {
        "invalid_scope": {"scope": "openid phone"},
        "unauthorized_client": {"response_type": "token"},
        "unsupported_response_type": {"response_type": "id_token"},
        "invalid_target": {"resource": "http://api.example.com"},
    }

    for description, wish in refusals.items():
        where, told = app.authorize(cookie, state="s", **wish)
        assert where == CALLBACK
        assert list(told)[:3] == ["error_description", "state", "error"]
        assert (told["error_description"], told["error"]) == (description, "invalid_request")
    for wish in (
        {"response_type": None},
        {"code_challenge": CHALLENGE},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": "short", "code_challenge_method": "S256"},
        {"prompt": "none login"},
        {"max_age": "-1"},
    ):
        assert app.authorize(cookie, **wish)[1]["error"] == "invalid_request"


def test_a_secure_pool_has_neither_implicit_grant_nor_codes_without_pkce(house):
    pool_id = house.pool(UserPoolTags={"lido:profile": "secure"})
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthFlows=["code", "implicit"])
    cookie = app.browser()

    refused = app.authorize(cookie)[1]
    assert (refused["error"], refused["error_description"]) == ("invalid_request", "code challenge required")
    assert app.authorize(cookie, response_type="token")[1]["error"] == "unauthorized_client"
    assert "code" in app.authorize(cookie, code_challenge=CHALLENGE, code_challenge_method="S256")[1]


def test_the_implicit_grant_gives_tokens_in_the_fragment_and_none_to_refresh(house):
    pool_id = house.pool()
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthFlows=["implicit"])

    where, told = app.authorize(app.browser(), response_type="token", nonce="n", state="s")

    assert where == CALLBACK
    assert list(told) == ["id_token", "access_token", "expires_in", "token_type", "state", "iss"]
    assert claims_of(told["id_token"])["nonce"] == "n"


def test_answers_tell_the_granted_scope_where_the_pool_wants_standard_answers(house):
    pool_id = house.pool(UserPoolTags={"lido:standard_answers": "true"})
    house.user(pool_id)
    app = App(house, pool_id, AllowedOAuthFlows=["code", "implicit"])
    browser = app.browser()

    _, told = app.redeem(app.code(browser, scope="openid offline_access"))
    _, refreshed = app.token(grant_type="refresh_token", refresh_token=told["refresh_token"], scope="profile")
    _, at_once = app.authorize(browser, response_type="token")

    assert (told["scope"], refreshed["scope"]) == ("openid", "openid")
    assert at_once["scope"] == "openid email profile"


def test_form_post_brings_the_answer_in_a_form(app):
    status, headers, body = app.get(
        "/oauth2/authorize",
        app.browser(),
        client_id=app.client_id,
        response_type="code",
        response_mode="form_post",
        state='"><script>alert(1)</script>',
    )

    assert status == 200
    assert b"<script>alert" not in body
    assert f'action="{CALLBACK}"'.encode() in body
    assert "'unsafe-inline'" not in headers["content-security-policy"]


def test_the_only_address_of_a_client_need_not_be_named_unless_answers_are_standard(house):
    for tags, page in (({}, "/login"), ({"lido:standard_answers": "true"}, "/error")):
        app = App(house, house.pool(UserPoolTags=tags))

        assert app.authorize(None, redirect_uri=None)[0].endswith(page)


def test_a_tag_of_the_pool_sets_an_option_of_one_client_alone(app):
    other = App(app.house, app.pool_id)
    arn = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{app.pool_id}"
    app.house.idp.tag_resource(ResourceArn=arn, Tags={f"lido:{app.client_id}:require_pkce": "true"})
    cookie = app.browser()

    assert app.authorize(cookie)[1]["error"] == "invalid_request"
    assert "code" in other.authorize(cookie)[1]
