"""Every way a JSON web token can lie, at every place that reads one of ours."""

import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.jose import Signer
from tests.oauth import App
from tests.sign_ins import claims as claims_of

from lido.flows import signing
from lido.rules import base64url
from lido.storage import pools

INACTIVE = {"active": False}


@pytest.fixture
def app(house):
    pool_id = house.pool()
    house.user(pool_id)
    return App(house, pool_id, GenerateSecret=True, AllowedOAuthScopes=["openid", "aws.cognito.signin.user.admin"])


@pytest.fixture
def given(app):
    return app.redeem(app.code(app.browser()))[1]


def signer_of(app, use="access"):
    """The pool's own key, with which a token is signed that no attacker could sign: only its words are wrong."""
    call = app.house.call()
    with call.db.read() as tx:
        return signing.ring(call, tx, pools.find(tx, app.pool_id)).signing[use]


def resigned(key, header, claims):
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    content = ".".join(map(base64url.encode, parts))
    return content + "." + base64url.encode(key._private.sign(content.encode(), PKCS1v15(), SHA256()))


def is_taken_at(app, token):
    """Where the token is taken for an access token."""
    places = set()
    try:
        app.house.idp_unsigned.get_user(AccessToken=token)
        places.add("GetUser")
    except app.house.idp_unsigned.exceptions.ClientError:
        pass
    status, _, _ = app.house.http("GET", f"{app.base}/oauth2/userInfo", {"authorization": f"Bearer {token}"})
    assert status in (200, 400, 401)
    if status == 200:
        places.add("userInfo")
    status, _, told = app.post("/oauth2/introspect", {"token": token}, app.basic())
    assert status == 200
    if told["active"]:
        places.add("introspection")
    else:
        assert told == INACTIVE
    return places


def test_the_true_token_is_taken_everywhere(app, given):
    assert is_taken_at(app, given["access_token"]) == {"GetUser", "userInfo", "introspection"}


def test_no_other_algorithm_is_taken(app, given):
    header, claims, signature = given["access_token"].split(".")
    kid = json.loads(base64url.decode(header))["kid"]
    key = signer_of(app)
    for algorithm in ("none", "None", "nOnE", "NONE", "HS256", "RS384", "PS256", "ES256", "EdDSA", "", None, ["RS256"]):
        token = resigned(key, {"kid": kid, "alg": algorithm}, base64url.decode(claims))
        assert is_taken_at(app, token) == set(), algorithm
        bare = token.rpartition(".")[0]
        assert is_taken_at(app, f"{bare}.") == set(), algorithm
    assert is_taken_at(app, f"{header}.{claims}.") == set()
    assert is_taken_at(app, f"{header}.{claims}") == set()
    assert is_taken_at(app, f"{header}.{claims}.{signature}.") == set()


def test_no_other_key_is_taken_wherever_the_header_says_it_lies(app, given):
    header, claims, _ = given["access_token"].split(".")
    kid = json.loads(base64url.decode(header))["kid"]
    thief = Signer("RS256")
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    said = json.loads(base64url.decode(claims))
    for key, more in (
        (thief.private, {}),
        (small, {}),
        (thief.private, {"jwk": thief.jwk}),
        (thief.private, {"jku": "http://127.0.0.1:1/jwks.json"}),
        (thief.private, {"x5u": "http://169.254.169.254/"}),
        (thief.private, {"x5c": ["MIIB"]}),
    ):
        for name in (kid, "../../etc/passwd", "' OR 1=1 --", "http://127.0.0.1/", "k" * 20_000, "\0", None, 5):
            content = [
                base64url.encode(json.dumps(part).encode()) for part in ({"kid": name, "alg": "RS256", **more}, said)
            ]
            signed = key.sign(".".join(content).encode(), PKCS1v15(), SHA256())
            assert is_taken_at(app, ".".join([*content, base64url.encode(signed)])) == set(), (name, more)


def test_headers_that_change_how_a_token_is_read_are_refused(app, given):
    header, claims, _ = given["access_token"].split(".")
    kid = json.loads(base64url.decode(header))["kid"]
    for more in ({"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"zip": "DEF"}):
        assert (
            is_taken_at(app, resigned(signer_of(app), {"kid": kid, "alg": "RS256", **more}, base64url.decode(claims)))
            == set()
        )


@pytest.mark.parametrize(
    "change",
    [
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": 9_999_999_999.5},
        {"exp": True},
        {"exp": -1},
        {"exp": [9_999_999_999]},
        {"iat": None},
        {"iat": "0"},
        {"nbf": 9_999_999_999},
        {"nbf": "0"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"token_use": "id"},
        {"token_use": None},
        {"sub": None},
        {"sub": ["a"]},
        {"sub": "x" * 500},
        {"sub": "\0"},
        {"client_id": None},
        {"client_id": {}},
        {"client_id": "nobody"},
        {"origin_jti": "nothing"},
        {"origin_jti": 5},
    ],
)
def test_a_claim_that_is_missing_or_bent_is_refused_even_under_our_own_signature(app, given, change):
    header, claims, _ = given["access_token"].split(".")
    said = {**json.loads(base64url.decode(claims)), **change}
    said = {name: value for name, value in said.items() if value is not None}

    assert is_taken_at(app, resigned(signer_of(app), json.loads(base64url.decode(header)), said)) == set()


def test_claims_that_two_readers_read_differently_are_refused(app, given):
    header, claims, _ = given["access_token"].split(".")
    text = base64url.decode(claims).decode()
    for bent in (
        text[:-1] + ',"sub":"somebody"}',
        text[:-1] + ',"sub":' + json.dumps(json.loads(text)["sub"]) + "}",
        re.sub(r'"exp":\d+', '"exp":1e400', text),
        re.sub(r'"exp":\d+', '"exp":NaN', text),
        text[:-1] + ',"x":' + "[" * 10_000 + "]" * 10_000 + "}",
        "[" + text + "]",
    ):
        assert is_taken_at(app, resigned(signer_of(app), json.loads(base64url.decode(header)), bent.encode())) == set()


def test_tokens_of_other_uses_pools_and_sizes_are_refused(app, given):
    other = App(app.house, app.house.pool(), GenerateSecret=True)
    app.house.user(other.pool_id)
    _, foreign = other.redeem(other.code(other.browser()))

    assert is_taken_at(app, given["id_token"]) == set()
    assert is_taken_at(app, given["access_token"] + "A" * 60_000) == set()
    assert is_taken_at(app, "a." * 20_000) == set()
    _, _, told = app.post("/oauth2/introspect", {"token": foreign["access_token"]}, app.basic())
    assert told == INACTIVE
    status, _, _ = app.house.http(
        "GET", f"{app.base}/oauth2/userInfo", {"authorization": f"Bearer {foreign['access_token']}"}
    )
    assert status == 401


def test_an_id_token_hint_that_lies_spares_nobody_a_sign_in(app, given):
    cookie = app.browser()
    header, claims, _ = given["id_token"].split(".")
    key = signer_of(app, "id")
    said = json.loads(base64url.decode(claims))
    kid = json.loads(base64url.decode(header))["kid"]
    right = {"kid": kid, "alg": "RS256"}

    assert "code" in app.authorize(cookie, prompt="none", id_token_hint=given["id_token"])[1]
    for hint in (
        given["access_token"],
        f"{header}.{claims}.",
        resigned(key, {**right, "alg": "none"}, said),
        resigned(key, {**right, "crit": ["x"]}, said),
        resigned(key, right, {**said, "aud": "somebody"}),
        resigned(key, right, {**said, "aud": [app.client_id, "somebody"]}),
        resigned(key, right, {**said, "iss": said["iss"] + "/"}),
        resigned(key, right, {**said, "token_use": "logout"}),
        resigned(key, right, {**said, "sub": "somebody"}),
        "x" * 5_000,
    ):
        assert app.authorize(cookie, prompt="none", id_token_hint=hint)[1]["error"] == "login_required"


def test_a_trigger_cannot_unbind_a_token(app):
    from lido.rules import token_changes
    from lido.rules.token_changes import Changes

    bound = {"sub": "s", "cnf": {"jkt": "k"}}
    changes = Changes(access_added={"cnf": {"jkt": "other"}}, access_suppressed=frozenset({"cnf"}))

    assert token_changes.to_access(bound, changes, app.client_id)["cnf"] == {"jkt": "k"}
    assert claims_of(app.redeem(app.code(app.browser()))[1]["access_token"]).get("cnf") is None
