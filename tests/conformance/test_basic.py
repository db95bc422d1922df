"""The plans of a basic OpenID provider, with answers in the query and in a form that posts itself."""

import json
from base64 import urlsafe_b64encode
from hashlib import sha256

import jwt
import pytest
from tests.conformance.plans import module

PLANS = ["oidcc-basic-certification-test-plan", "oidcc-formpost-basic-certification-test-plan"]

TYPES = "userInfo tells every value as a string"
ADDRESS = "there is no scope `address`"
PROFILE = {
    *("name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture"),
    *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"),
}
EMAIL, PHONE = {"email", "email_verified"}, {"phone_number", "phone_number_verified"}


@pytest.fixture(params=["query", "form_post"])
def mode(request):
    return request.param


def unsigned(request):
    """A request object that nobody signed (RFC 9101, OpenID Connect Core 6.1)."""
    return jwt.encode(request, None, algorithm="none")


@module("oidcc-server")
def test_a_code_leads_to_an_id_token_an_access_token_and_the_persons_claims(rp):
    told, tokens = rp.sign_in()

    assert told.asked
    assert len(told.parameters["code"]) >= 22, "at least 128 bits"
    assert rp.user_info_status(tokens) == 200


@module("oidcc-response-type-missing")
def test_a_request_without_response_type_is_refused_to_the_app(rp):
    assert rp.refused(response_type=None)["error"] in ("invalid_request", "unsupported_response_type")


@module("oidcc-idtoken-signature")
def test_an_id_token_is_signed_by_rs256_with_the_published_key_that_it_names(rp):
    _, tokens = rp.sign_in()

    header = jwt.get_unverified_header(tokens.id)
    assert header["alg"] == "RS256"
    assert header["kid"] in {key["kid"] for key in rp.json("GET", rp.metadata["jwks_uri"])["keys"]}
    head, body, signature = tokens.id.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        rp.verify(f"{head}.{body}.{'AAAA' + signature[4:]}")


@module("oidcc-userinfo-get", differs=TYPES)
def test_user_info_is_told_by_get(rp):
    assert rp.user_info(rp.sign_in()[1], by="get")["sub"]


@module("oidcc-userinfo-post-header", differs=TYPES)
def test_user_info_is_told_by_post_with_the_token_in_the_header(rp):
    assert rp.user_info(rp.sign_in()[1], by="post")["sub"]


@module("oidcc-userinfo-post-body", differs=TYPES)
def test_user_info_is_told_by_post_with_the_token_in_the_body(rp):
    assert rp.user_info(rp.sign_in()[1], by="form")["sub"]


@module("oidcc-ensure-request-without-nonce-succeeds-for-code-flow")
def test_a_code_is_given_without_a_nonce(rp):
    _, tokens = rp.sign_in(nonce=None)

    assert "nonce" not in tokens.identity


@module("oidcc-scope-profile", differs=TYPES)
def test_the_scope_profile_opens_its_claims(rp):
    told = rp.user_info(rp.sign_in(scope="openid profile")[1])

    assert told.keys() >= PROFILE
    assert not told.keys() & (EMAIL | PHONE | {"address"})


@module("oidcc-scope-email", differs=TYPES)
def test_the_scope_email_opens_its_claims_and_no_name(rp):
    told = rp.user_info(rp.sign_in(scope="openid email")[1])

    assert (told["email"], told["email_verified"]) == ("alice@example.com", True)
    assert not told.keys() & (PROFILE | PHONE | {"address"})


@module("oidcc-scope-address", differs=ADDRESS)
def test_the_scope_address_opens_an_object(rp):
    assert "address" in rp.metadata["scopes_supported"]
    told = rp.user_info(rp.sign_in(scope="openid address")[1])

    assert told["address"] == {"formatted": "1 Main Street"}
    assert not told.keys() & (PROFILE | EMAIL | PHONE)


@module("oidcc-scope-phone", differs=TYPES)
def test_the_scope_phone_opens_its_claims(rp):
    told = rp.user_info(rp.sign_in(scope="openid phone")[1])

    assert (told["phone_number"], told["phone_number_verified"]) == ("+15550100", True)
    assert not told.keys() & (PROFILE | EMAIL | {"address"})


@module("oidcc-scope-all", differs=ADDRESS)
def test_all_scopes_together_open_all_claims(rp):
    assert "address" in rp.metadata["scopes_supported"]
    told = rp.user_info(rp.sign_in(scope="openid email phone address profile")[1])

    assert told.keys() >= PROFILE | EMAIL | PHONE | {"address"}


@module("oidcc-alternate-happy-flow", differs=TYPES)
def test_the_order_of_scopes_and_of_parameters_makes_no_difference(rp):
    reordered = dict(reversed(rp.request(scope="email openid").items()))
    rp.request = lambda **changes: reordered

    _, tokens = rp.sign_in()

    assert rp.user_info(tokens).keys() & (EMAIL | PHONE) == EMAIL


@module("oidcc-display-page")
def test_display_page_does_no_harm(rp):
    assert rp.sign_in(display="page")[0].asked


@module("oidcc-display-popup")
def test_display_popup_does_no_harm(rp):
    assert rp.sign_in(display="popup")[0].asked


@module("oidcc-prompt-login")
def test_the_prompt_login_asks_again_and_makes_a_later_authentication(rp, house):
    _, first = rp.sign_in()
    house.clock.advance(seconds=1)

    told, second = rp.sign_in(prompt="login")

    assert told.asked
    assert second.identity["auth_time"] > first.identity["auth_time"]
    assert second.identity["sub"] == first.identity["sub"]


@module("oidcc-prompt-none-not-logged-in")
def test_the_prompt_none_asks_nobody_who_is_not_signed_in(rp):
    told = rp.refused(prompt="none", state="s" * 128)

    assert told["error"] == "login_required"


@module("oidcc-prompt-none-logged-in")
def test_the_prompt_none_gives_a_code_to_whoever_is_signed_in(rp, house):
    _, first = rp.sign_in()
    house.clock.advance(seconds=30)

    told, second = rp.sign_in(prompt="none")

    assert not told.asked
    assert second.identity["auth_time"] == first.identity["auth_time"]
    assert second.identity["sub"] == first.identity["sub"]


@module("oidcc-max-age-1")
def test_a_max_age_of_1_asks_again_after_two_seconds(rp, house):
    _, first = rp.sign_in()
    house.clock.advance(seconds=2)

    told, second = rp.sign_in(max_age="1")

    assert told.asked
    assert second.identity["auth_time"] > first.identity["auth_time"]
    assert rp.now() - second.identity["auth_time"] <= 1


@module("oidcc-max-age-10000")
def test_a_max_age_of_10000_asks_nobody_who_has_just_signed_in(rp, house):
    _, first = rp.sign_in(max_age="15000")
    house.clock.advance(seconds=30)

    told, second = rp.sign_in(max_age="10000")

    assert not told.asked
    assert second.identity["auth_time"] == first.identity["auth_time"]
    assert second.identity["sub"] == first.identity["sub"]


@module("oidcc-ensure-request-with-unknown-parameter-succeeds")
def test_an_unknown_parameter_does_no_harm(rp):
    assert rp.sign_in(extra="foobar")[0].asked


@module("oidcc-id-token-hint")
def test_an_id_token_hint_of_whoever_is_signed_in_spares_the_question(rp, house):
    _, first = rp.sign_in()
    house.clock.advance(seconds=30)

    told, second = rp.sign_in(prompt="none", id_token_hint=first.id)

    assert not told.asked
    assert second.identity["auth_time"] == first.identity["auth_time"]
    assert second.identity["sub"] == first.identity["sub"]


@module("oidcc-login-hint")
def test_a_login_hint_does_no_harm(rp):
    assert rp.sign_in(login_hint="alice")[0].asked


@module("oidcc-ui-locales")
def test_ui_locales_do_no_harm(rp):
    assert rp.sign_in(ui_locales="se fr-CA")[0].asked


@module("oidcc-claims-locales")
def test_claims_locales_do_no_harm(rp):
    assert rp.sign_in(claims_locales="se")[0].asked


@module("oidcc-ensure-request-with-acr-values-succeeds")
def test_acr_values_do_no_harm_and_known_ones_are_met(rp):
    rp.sign_in(acr_values="urn:example:unheard-of 1 2")
    known = rp.metadata["acr_values_supported"][0]

    _, tokens = rp.sign_in(acr_values=known, prompt="login")

    assert tokens.identity.get("acr", known) == known


@module("oidcc-codereuse")
def test_a_code_that_comes_again_is_refused(rp):
    told, _ = rp.sign_in()

    status, _, given = again(rp, told)

    assert (status, given["error"]) == (400, "invalid_grant")


@module("oidcc-codereuse-30seconds")
def test_a_code_that_comes_again_after_30_seconds_ends_the_tokens_that_it_gave(rp, house):
    told, tokens = rp.sign_in()
    house.clock.advance(seconds=30)

    status, _, given = again(rp, told)

    assert (status, given["error"]) == (400, "invalid_grant")
    assert rp.user_info_status(tokens) == 401
    assert rp.refresh(tokens.refresh)[1]["error"] == "invalid_grant"


def again(rp, told):
    """The same code once more."""
    code = told.parameters["code"]
    return rp.token(grant_type="authorization_code", code=code, redirect_uri=rp.redirect_uri)


@module("oidcc-ensure-registered-redirect-uri")
def test_an_address_that_is_not_registered_is_told_nothing(rp):
    shown = rp.send(rp.request(redirect_uri=f"{rp.redirect_uri}/random"))

    assert (shown.status, shown.left) == (400, "")
    assert "error" in shown.words


@module("oidcc-ensure-post-request-succeeds")
def test_an_authorization_request_may_come_by_post(rp):
    told = rp.authorize(method="POST")

    assert told.asked
    assert rp.redeem(told).identity["sub"]


@module("oidcc-server-client-secret-post")
def test_a_secret_may_come_in_the_form(rp):
    assert rp.redeem(rp.authorize(), by="form").identity["sub"]


@module("oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported")
def test_a_request_uri_is_refused_as_not_supported(rp):
    assert rp.metadata["request_uri_parameter_supported"] is False

    assert rp.refused(request_uri="https://rp.example.com/request.jwt#x")["error"] == "request_uri_not_supported"


@module("oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported")
def test_an_unsigned_request_object_is_refused_as_not_supported(rp):
    assert rp.metadata["request_parameter_supported"] is False

    assert rp.refused(request=unsigned(rp.request()))["error"] == "request_not_supported"


@module("oidcc-claims-essential", differs=TYPES)
def test_an_essential_claim_is_told(rp):
    asked = {"userinfo": {"name": {"essential": True}}}

    _, tokens = rp.sign_in(claims=json.dumps(asked))

    assert rp.user_info(tokens)["name"] == "Alice Pleasance Liddell"


@module("oidcc-ensure-request-object-with-redirect-uri")
def test_a_request_object_does_not_lead_around_the_registered_addresses(rp):
    right = rp.request()

    shown = rp.send({**right, "redirect_uri": f"{rp.redirect_uri}/random", "request": unsigned(right)})

    assert (shown.status, shown.left) == (400, "")


@module("oidcc-refresh-token")
def test_refreshed_tokens_are_the_same_persons_and_belong_to_one_client(rp, app, house):
    _, first = rp.sign_in(scope="openid offline_access", prompt="consent")
    other = app("https://other.example.com/callback")
    _, others = other.sign_in()
    house.clock.advance(seconds=2)

    status, given = rp.refresh(first.refresh)

    assert (status, given["token_type"]) == (200, "Bearer")
    assert given["access_token"] != first.access
    second = rp.verify(given["id_token"], access=given["access_token"])
    for claim in ("iss", "sub", "aud", "auth_time"):
        assert second[claim] == first.identity[claim], claim
    assert second["iat"] > first.identity["iat"]
    assert second.get("nonce") in (None, first.identity["nonce"])
    assert rp.user_info_status(first._replace(access=given["access_token"])) == 200
    status, refusal = rp.refresh(others.refresh)
    assert (status, refusal["error"]) == (400, "invalid_grant")
    assert other.refresh(others.refresh)[0] == 200
    assert "refresh_token" in rp.metadata["grant_types_supported"]


@module("oidcc-ensure-request-with-valid-pkce-succeeds")
def test_a_code_with_a_challenge_is_given_for_its_verifier(rp):
    verifier = "v" * 43
    challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).decode().rstrip("=")

    told = rp.authorize(code_challenge=challenge, code_challenge_method="S256")

    assert rp.redeem(told, code_verifier=verifier).identity["sub"]
