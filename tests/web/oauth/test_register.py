"""Dynamic client registration over HTTP (RFC 7591): who may register what, and what comes of it."""

import json

import pytest
from tests.jose import Signer, key_set
from tests.machines import API, READ, WRITE, add_api, machine, token_of
from tests.oauth import CALLBACK, CHALLENGE, App
from tests.pages import Browser
from tests.sign_ins import claims as claims_of
from tests.world import PASSWORD

REGISTER = "aws.cognito/dcr/register"
URL = "http://lido.test/{}/oauth2/register"


class Place:
    """A pool in which clients register."""

    def __init__(self, house, **config):
        self.house = house
        further = {name: config.pop(name) for name in ("Schema", "AutoVerifiedAttributes") if name in config}
        further["UserPoolTags"] = config.pop("tags", {})
        dcr = {"OpenDcrEnabled": True, "AllowedScopes": [READ], **config}
        self.pool_id = house.pool(DcrConfiguration=dcr, **further)
        add_api(house, self.pool_id)

    def register(self, token=None, address=None, body=None, content_type="application/json", **metadata):
        headers = {"content-type": content_type}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if body is None:
            given = {"redirect_uris": [CALLBACK], **metadata}
            body = json.dumps({name: value for name, value in given.items() if value is not None}).encode()
        status, answered, told = self.house.http("POST", URL.format(self.pool_id), headers, body)
        self.headers = answered
        is_json = answered["content-type"].startswith("application/json")
        return status, json.loads(told) if is_json else told

    def refused(self, token=None, **metadata):
        status, told = self.register(token, **metadata)
        assert status == 400, told
        return told["error"]

    def token(self, *scopes):
        return token_of(machine(self.house, self.pool_id, *(scopes or (REGISTER,))))["access_token"]

    def described(self, client_id):
        named = {"UserPoolId": self.pool_id, "ClientId": client_id}
        return self.house.idp.describe_user_pool_client(**named)["UserPoolClient"]

    def app(self, told):
        """The app that was registered."""
        app = object.__new__(App)
        app.house, app.pool_id = self.house, self.pool_id
        app.client_id, app.secret = told["client_id"], told.get("client_secret")
        return app


@pytest.fixture
def place(house):
    return Place(house)


def test_a_client_that_registered_itself_writes_nothing_that_operators_rely_on(house):
    """An operator's apps have their lists; a stranger's client must not be the way around them."""
    place = Place(
        house,
        OpenDcrEnabled=True,
        AllowedScopes=["aws.cognito.signin.user.admin"],
        Schema=[{"Name": "role", "AttributeDataType": "String", "Mutable": True}],
        AutoVerifiedAttributes=["email"],
    )
    app = place.app(place.register(token_endpoint_auth_method="none")[1])
    who = {"ClientId": app.client_id, "Password": PASSWORD}
    email = {"Name": "email", "Value": "mallory@example.com"}
    role = {"Name": "custom:role", "Value": "admin"}
    idp = house.idp_unsigned

    with pytest.raises(idp.exceptions.NotAuthorizedException):
        idp.sign_up(**who, Username="mallory", UserAttributes=[email, role])
    pkce = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    typed = {"requiredAttributes[custom:role]": "admin", "requiredAttributes[email]": "mallory@example.com"}
    browser = Browser(house, place.pool_id, app.client_id, **pkce).open("signup")
    browser.submit(username="mallory", password=PASSWORD, **typed)
    assert "unauthorized attribute" in browser.words
    idp.sign_up(**who, Username="mallory", UserAttributes=[email])
    shown = place.described(app.client_id)
    assert shown["WriteAttributes"] == ["email"]
    assert "email" in shown["ReadAttributes"]
    assert "custom:role" not in shown["ReadAttributes"]


def test_a_client_registers_and_is_told_all_that_it_is(place):
    status, told = place.register(
        client_name="Notes",
        client_uri="https://notes.example",
        logo_uri="https://notes.example/logo.png",
        tos_uri="https://notes.example/tos",
        policy_uri="https://notes.example/privacy",
        contacts=["admin@notes.example"],
        software_id="notes",
        software_version="1.2",
        scope=f"openid {READ} offline_access",
        unheard_of={"a": 1},
    )

    assert status == 201
    assert place.headers["cache-control"].startswith("no-cache, no-store")
    assert len(told.pop("client_secret")) == 51
    client_id = told.pop("client_id")
    assert told == {
        "client_id_issued_at": place.house.clock.now() // 1000,
        "client_secret_expires_at": 0,
        "client_name": "Notes",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": f"openid {READ}",
        "client_uri": "https://notes.example",
        "logo_uri": "https://notes.example/logo.png",
        "tos_uri": "https://notes.example/tos",
        "policy_uri": "https://notes.example/privacy",
        "contacts": ["admin@notes.example"],
        "software_id": "notes",
        "software_version": "1.2",
        "id_token_signed_response_alg": "RS256",
    }
    shown = place.described(client_id)
    assert (shown["ClientType"], shown["ClientName"]) == ("DCR", "Notes")
    assert (shown["AllowedOAuthFlows"], shown["CallbackURLs"]) == (["code"], [CALLBACK])
    listed = place.house.idp.list_user_pool_clients(UserPoolId=place.pool_id, ClientType="DCR")["UserPoolClients"]
    assert [client["ClientId"] for client in listed] == [client_id]


def test_a_registered_client_signs_people_in(place):
    place.house.user(place.pool_id, email="alice@example.com")
    app = place.app(place.register()[1])

    status, told = app.redeem("x" * 36)

    assert (status, told) == (400, {"error": "invalid_grant"}), "the grant is its own"
    where, _ = app.authorize(None, scope="openid")
    assert where.endswith("/login")


def test_a_public_client_has_no_secret_needs_pkce_and_rotates(place):
    _, told = place.register(place.token(), token_endpoint_auth_method="none")
    app = place.app(told)

    assert not {"client_secret", "client_secret_expires_at"} & set(told)
    _, answer = app.authorize(None)
    assert answer["error"] == "invalid_request", "no code without a challenge"
    assert place.described(app.client_id)["RefreshTokenRotation"]["Feature"] == "ENABLED"


def test_without_scopes_it_has_those_of_openid_and_what_the_pool_names(place):
    assert place.register()[1]["scope"] == f"openid email phone profile {READ}"


@pytest.mark.parametrize(
    "scope", [WRITE, REGISTER, f"openid {REGISTER}", "aws.cognito.signin.user.admin", "unknown", "openid\temail"]
)
def test_a_scope_that_the_pool_does_not_name_is_refused(place, scope):
    assert place.refused(scope=scope) == "invalid_client_metadata"


def test_the_scope_to_register_is_never_registered_even_if_the_pool_names_it(house):
    place = Place(house, AllowedScopes=[REGISTER, READ, f"{API}/deleted", "aws.cognito.signin.user.admin"])

    assert place.refused(scope=REGISTER) == "invalid_client_metadata"
    assert place.refused(scope=f"{API}/deleted") == "invalid_client_metadata"
    assert place.register()[1]["scope"] == f"openid email phone profile {READ} aws.cognito.signin.user.admin"


def test_a_pool_without_the_setting_knows_no_registration(house):
    for config in (None, {"EnableStatus": "Disabled", "OpenDcrEnabled": True}):
        pool_id = house.pool(**({"DcrConfiguration": config} if config else {}))
        status, _, _ = house.http("POST", URL.format(pool_id), {"content-type": "application/json"}, b"{}")
        assert status == 404
    assert house.http("POST", URL.format("us-east-1_nowhere00"), {"content-type": "application/json"}, b"{}")[0] == 404


def metadata_of(house, pool_id):
    return json.loads(house.http("GET", f"http://lido.test/{pool_id}/.well-known/openid-configuration")[2])


def test_the_endpoint_is_advertised_where_it_answers(house, place):
    assert metadata_of(house, place.pool_id)["registration_endpoint"].endswith(f"/{place.pool_id}/oauth2/register")
    assert "registration_endpoint" not in metadata_of(house, house.pool())


def test_strangers_need_a_token_unless_registration_is_open(house):
    place = Place(house, OpenDcrEnabled=False)

    assert place.register()[0] == 401
    assert place.headers["www-authenticate"] == "Bearer"
    status, told = place.register(place.token())
    assert (status, place.described(told["client_id"])["ClientType"]) == (201, "DCR")


def test_a_token_must_be_good_and_have_the_scope(house, place):
    user = App(house, place.pool_id, AllowedOAuthScopes=["openid", REGISTER])
    house.user(place.pool_id)
    tokens = user.redeem(user.code(user.browser()))[1]
    elsewhere = Place(house)

    assert place.register(tokens["access_token"])[0] == 201
    assert place.register(place.token(READ))[0] == 403
    assert 'error="insufficient_scope"' in place.headers["www-authenticate"]
    for bad in (elsewhere.token(), tokens["id_token"], tokens["refresh_token"], "x", "a.b.c"):
        assert place.register(bad)[0] == 401, "never as a stranger instead"
        assert 'error="invalid_token"' in place.headers["www-authenticate"]
    house.idp.admin_user_global_sign_out(UserPoolId=place.pool_id, Username="alice")
    assert place.register(tokens["access_token"])[0] == 401
    house.clock.advance(seconds=3600)
    assert place.register(place.token())[0] == 201


def test_which_grants_may_be_registered_depends_on_who_asks(house):
    place = Place(house)
    machine_of = {"grant_types": ["client_credentials"], "redirect_uris": None}

    assert place.refused(**machine_of) == "invalid_client_metadata"
    status, told = place.register(place.token(), **machine_of)
    assert (status, told["grant_types"], told["response_types"], told["scope"]) == (
        201,
        ["client_credentials"],
        [],
        READ,
    )
    token = token_of(place.app(told))["access_token"]
    assert claims_of(token)["scope"] == READ
    assert place.register(token)[0] == 403, "what was registered registers nothing"
    assert place.refused(place.token(), **machine_of, scope=f"openid {READ}") == "invalid_client_metadata"
    assert place.refused(place.token(), **machine_of, token_endpoint_auth_method="none") == "invalid_client_metadata"


def test_who_asks_for_both_grants_is_registered_to_sign_people_in(house, place):
    both = {"grant_types": ["client_credentials", "authorization_code"], "response_types": ["code"]}

    for token in (None, place.token()):
        status, told = place.register(token, **both)
        assert (status, told["grant_types"]) == (201, ["authorization_code", "refresh_token"])
        assert place.described(told["client_id"])["AllowedOAuthFlows"] == ["code"]
        assert place.app(told).token(grant_type="client_credentials")[1] == {"error": "unauthorized_client"}
    machines = Place(house, OpenDcrGrantTypes=["client_credentials"])
    assert machines.refused(**both) == "invalid_client_metadata"


def test_the_pool_says_which_grants(house):
    nothing = Place(house, OpenDcrGrantTypes=[], AuthenticatedGrantTypes=["client_credentials"])

    assert nothing.refused() == "invalid_client_metadata"
    assert nothing.refused(nothing.token()) == "invalid_client_metadata"
    implicit = Place(house, OpenDcrGrantTypes=["implicit"])
    assert implicit.refused(grant_types=["implicit"], response_types=["token"]) == "invalid_client_metadata"
    with_code = Place(house, OpenDcrGrantTypes=["implicit", "code"])
    told = with_code.register(grant_types=["authorization_code", "implicit"], response_types=["code", "token"])[1]
    assert (told["grant_types"], told["response_types"]) == (["authorization_code", "refresh_token"], ["code"])


def test_all_scopes_of_the_metadata_may_be_registered(house):
    """Clients copy them, such as Visual Studio Code."""
    place = Place(house, tags={"lido:standard_answers": "true"})
    metadata = house.http("GET", f"http://lido.test/{place.pool_id}/.well-known/openid-configuration")[2]
    supported = json.loads(metadata)["scopes_supported"]

    assert "address" in supported
    assert place.register(scope=" ".join(supported))[1]["scope"].split(" ") == supported
    assert Place(house).refused(scope="openid address") == "invalid_client_metadata"


def test_grants_of_the_metadata_that_nobody_registers_for_count_for_nothing(house):
    """Visual Studio Code asks for those of its own that the metadata names."""
    place = Place(house)
    device = "urn:ietf:params:oauth:grant-type:device_code"

    status, told = place.register(
        grant_types=["authorization_code", "refresh_token", device], token_endpoint_auth_method="none"
    )

    assert (status, told["grant_types"]) == (201, ["authorization_code", "refresh_token"])
    asked = {"client_id": told["client_id"], "scope": "openid"}
    assert App(house, place.pool_id).post("/oauth2/device_authorization", asked)[2]["error"] == "unauthorized_client"
    assert place.refused(grant_types=[device]) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "uri",
    [
        "http://app.example.com/callback",
        "https://app.example.com/callback#fragment",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "/callback",
        "",
        "https://",
        "https://app.example.com@evil.example/",
        "https://app.example.com/a b",
        "https://app.example.com/\u202e",
        "https://app.example.com/\n",
        "https://app.example.com:99999/",
        "https://app.example.com/" + "a" * 1_024,
        7,
        None,
    ],
)
def test_an_address_that_no_browser_may_be_sent_to_is_refused(place, uri):
    assert place.refused(redirect_uris=[uri]) == "invalid_redirect_uri"
    if isinstance(uri, str):
        assert place.refused(post_logout_redirect_uris=[uri]) == "invalid_client_metadata"


@pytest.mark.parametrize("uris", [[], "https://app.example.com", {}, [CALLBACK] * 21, None])
def test_redirect_uris_are_needed_and_not_too_many(place, uris):
    assert place.refused(redirect_uris=uris) == "invalid_redirect_uri"


def test_native_apps_may_have_their_own_scheme_and_loopback(place):
    uris = ["com.example.app:/callback", "http://127.0.0.1:8080/callback", "http://localhost/callback"]

    assert place.register(redirect_uris=uris)[1]["redirect_uris"] == uris


@pytest.mark.parametrize("member", ["client_uri", "logo_uri", "tos_uri", "policy_uri"])
@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "data:image/svg+xml,<svg onload=alert(1)>",
        "//evil.example/logo.svg",
        'https://x.example/"><script>',
        "https://user:secret@x.example/",
        "ftp://x.example/",
        "https://",
        "https://x.example/" + "a" * 1_024,
        ["https://x.example"],
    ],
)
def test_what_may_stand_on_a_page_is_an_address_of_the_web(place, member, address):
    assert place.refused(**{member: address}) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "metadata",
    [
        {"client_name": "x" * 129},
        {"client_name": "Bank\u202egnp.exe"},
        {"client_name": "a\nb"},
        {"client_name": ["x"]},
        {"grant_types": ["password"]},
        {"grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"]},
        {"grant_types": []},
        {"grant_types": ["refresh_token"]},
        {"response_types": ["id_token"]},
        {"response_types": []},
        {"token_endpoint_auth_method": "tls_client_auth"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"id_token_signed_response_alg": "none"},
        {"subject_type": "pairwise"},
        {"contacts": ["a"] * 6},
        {"contacts": ["a" * 257]},
        {"jwks_uri": "http://x.example/keys"},
        {"scope": "openid " * 3 + "email phone profile x"},
    ],
)
def test_what_cannot_be_is_refused(place, metadata):
    assert place.refused(**metadata) == "invalid_client_metadata"


def test_a_software_statement_is_approved_by_nobody(place):
    assert place.refused(software_statement="eyJhbGciOiJub25lIn0.e30.") == "unapproved_software_statement"


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"[" * 50_000, b"\xff", b'{"scope": 1}', b'"x"'])
def test_a_body_that_is_no_metadata_is_refused(place, body):
    assert place.refused(body=body) == "invalid_client_metadata"


def test_a_body_must_be_json_and_short(place):
    assert place.refused(content_type="application/x-www-form-urlencoded") == "invalid_client_metadata"
    assert place.register(body=b" " * 65_537)[0] == 413


def test_strangers_register_within_a_budget(place):
    for _ in range(10):
        assert place.register()[0] == 201

    place.house.clock.advance(seconds=100)
    status, told = place.register()
    assert (status, told["error"]) == (429, "temporarily_unavailable")
    assert place.headers["retry-after"] == "3500", "the hour began with the first"
    assert place.register(place.token())[0] == 201, "not a stranger"
    place.house.clock.advance(seconds=3500)
    assert place.register()[0] == 201


def test_what_is_refused_uses_nothing_up(place):
    for _ in range(12):
        place.refused(scope="unknown")

    assert place.register()[0] == 201


def test_a_pool_holds_a_bounded_number_and_operators_keep_their_places(place, monkeypatch):
    monkeypatch.setattr("lido.flows.registration.MOST_WITH_STRANGERS", 2)
    monkeypatch.setattr("lido.operations.idp.clients.MOST_CLIENTS", 1)
    place.register()
    place.register()

    assert place.register()[0] == 429
    assert place.house.app(place.pool_id)["ClientId"]


def test_a_registered_client_sees_no_password(place):
    place.house.user(place.pool_id)
    _, told = place.register(token_endpoint_auth_method="none")

    for flow, parameters in (
        ("USER_PASSWORD_AUTH", {"USERNAME": "alice", "PASSWORD": "Passw0rd!"}),
        ("USER_SRP_AUTH", {"USERNAME": "alice", "SRP_A": "ab" * 128}),
        ("CUSTOM_AUTH", {"USERNAME": "alice"}),
        ("USER_AUTH", {"USERNAME": "alice"}),
    ):
        with pytest.raises(place.house.idp.exceptions.InvalidParameterException):
            place.house.idp_unsigned.initiate_auth(ClientId=told["client_id"], AuthFlow=flow, AuthParameters=parameters)


@pytest.mark.parametrize(
    ("named", "answer"),
    [({}, "invalid_grant"), ({"token_endpoint_auth_method": "client_secret_basic"}, "invalid_client")],
)
def test_a_client_is_held_to_the_way_of_proving_itself_that_it_named(place, named, answer):
    _, told = place.register(**named)
    in_the_form = {"client_id": told["client_id"], "client_secret": told["client_secret"]}
    asked = {"grant_type": "authorization_code", "code": "none", "redirect_uri": CALLBACK, **in_the_form}

    assert place.app(told).post("/oauth2/token", asked)[2]["error"] == answer


def test_its_secrets_are_its_own(place):
    named = {"UserPoolId": place.pool_id, "ClientId": place.register()[1]["client_id"]}
    idp = place.house.idp

    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.add_user_pool_client_secret(**named)
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.list_user_pool_client_secrets(**named)
    with pytest.raises(idp.exceptions.InvalidParameterException):
        idp.delete_user_pool_client_secret(**named, ClientSecretId=f"{named['ClientId']}--1")


def test_an_operator_changes_and_deletes_it(place):
    told = place.register(logo_uri="https://notes.example/logo.png")[1]
    named = {"UserPoolId": place.pool_id, "ClientId": told["client_id"]}

    place.house.idp.update_user_pool_client(**named, ClientName="Renamed")
    assert place.described(told["client_id"])["ClientType"] == "DCR"
    with place.house.database.read() as tx:
        settings = tx.row("SELECT settings FROM clients WHERE client_id = :id", id=told["client_id"])
    assert "https://notes.example/logo.png" in settings[0]
    place.house.idp.delete_user_pool_client(**named)
    assert place.app(told).redeem("x" * 36)[1]["error"] == "invalid_client"


def test_the_answer_holds_no_secret_in_the_events(place):
    told = place.register()[1]

    with place.house.database.read() as tx:
        events = tx.rows("SELECT kind, body FROM events")
        rows = [text for row in tx.rows("SELECT settings FROM clients") for text in row]
    assert "client_created" in [kind for kind, _ in events]
    assert told["client_secret"] not in str([*events, *rows])


def test_a_client_registers_the_keys_by_which_it_proves_itself(place):
    place.house.user(place.pool_id)
    signer = Signer("ES256")
    way = {"token_endpoint_auth_method": "private_key_jwt"}
    keys = json.loads(key_set(signer))

    status, told = place.register(**way, jwks=keys)

    assert (status, told["jwks"], told["token_endpoint_auth_method"]) == (201, keys, "private_key_jwt")
    assert "client_secret" not in told
    assert place.app(told).redeem("x" * 36)[1]["error"] == "invalid_client", "its name alone proves nothing"
    assert place.register(**way, jwks_uri="https://notes.example/keys")[0] == 201
    status, told = place.register(jwks=keys)
    assert (status, "jwks" in told, "client_secret" in told) == (201, False, True), "keys of a client with a secret"
    for wrong in (
        {**way, "jwks": keys, "jwks_uri": "https://notes.example/keys"},
        {**way, "jwks": {"keys": []}},
        {**way, "jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}},
        {**way, "jwks_uri": "http://notes.example/keys"},
        {**way, "jwks_uri": "https://"},
    ):
        assert place.refused(**wrong) == "invalid_client_metadata", wrong


def test_people_are_asked_before_a_registered_client_is_let_in(place):
    place.house.user(place.pool_id, email="alice@example.com")
    app = place.app(place.register(client_name="Free money", scope="openid email")[1])

    browser = Browser(place.house, place.pool_id, app.client_id, scope="openid email").sign_in("alice", PASSWORD)

    assert browser.title == "Do you want to let this app in?"
    assert "Free money is not made by this service" in browser.words
    browser.submit(button=0)
    assert browser.left.startswith(CALLBACK)
    status, told = app.redeem(browser.given["code"])
    assert (status, claims_of(told["id_token"])["email"]) == (200, "alice@example.com")


def test_a_client_registers_what_it_wants_of_the_standards_beyond_cognito(place):
    wanted = {
        "dpop_bound_access_tokens": True,
        "require_pushed_authorization_requests": True,
        "frontchannel_logout_uri": "https://app.example.com/out",
        "frontchannel_logout_session_required": True,
        "backchannel_logout_uri": "https://inside.example.com/out",
        "backchannel_logout_session_required": True,
    }

    status, told = place.register(place.token(), **wanted)

    assert (status, {name: told[name] for name in wanted}) == (201, wanted)
    app = place.app(told)
    assert app.authorize(None)[1]["error"] == "invalid_request", "it has to push its requests"
    for wrong in (
        {"frontchannel_logout_uri": "https://evil.example/out"},
        {"frontchannel_logout_uri": "http://app.example.com/out"},
        {"backchannel_logout_uri": "http://inside.example.com/out"},
        {"backchannel_logout_uri": "https://user@inside.example.com/out"},
        {"backchannel_logout_uri": "javascript:alert(1)"},
        {"dpop_bound_access_tokens": "yes"},
    ):
        assert place.refused(**wrong) == "invalid_client_metadata", wrong
