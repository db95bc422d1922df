"""Forged, foreign, damaged and dead tokens: refused quickly, everywhere, and without a request to anybody."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jwt as pyjwt
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD, World

from lido.flows import access, pool_options, signing
from lido.rules import refresh_tokens

INVALID = ("NotAuthorized", "Invalid Access Token")
REVOKED = ("NotAuthorized", "Access Token has been revoked")


@pytest.fixture
def people(house: World) -> People:
    people = People(house)
    people.alice(email="alice@example.com")
    return people


def part(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def public_pem(people: People) -> bytes:
    call = people.house.call()
    with call.db.read() as tx:
        keys = signing.ring(call, tx, access.require_pool(call, tx, people.pool_id)).verifying
    key = next(iter(keys.values()))
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def kid(token: str) -> str:
    return str(pyjwt.get_unverified_header(token)["kid"])


def signed(people: People, payload: bytes, header: dict[str, Any] | None = None, *, use: str = "access") -> str:
    """Any bytes, under the pool's own key."""
    call = people.house.call()
    with call.db.read() as tx:
        key = signing.ring(call, tx, access.require_pool(call, tx, people.pool_id)).signing[use]
    content = f"{part({'alg': 'RS256', 'kid': key.kid} | (header or {}))}.{part(payload)}"
    signature = key._private.sign(content.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{content}.{part(signature)}"


def get_user(people: People, token: str) -> Any:
    return people.house.idp_unsigned.get_user(AccessToken=token)


def forgeries(people: People, token: str) -> dict[str, str]:
    header, payload, signature = token.split(".")
    name = kid(token)
    content = claims(token)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = public_pem(people)

    def headed(**members: Any) -> str:
        return f"{part({'alg': 'RS256', 'kid': name} | members)}.{payload}.{signature}"

    found = {
        f"alg {alg}": f"{part({'alg': alg, 'kid': name})}.{payload}." for alg in ("none", "None", "nOnE", "", "HS256")
    }
    found |= {
        "no signature": f"{header}.{payload}.",
        "another's signature": f"{header}.{payload}.{part(bytes(256))}",
        "the public key as secret": _hmac(name, payload, pem),
        "a stranger's key": pyjwt.encode(content, stranger, "RS256", headers={"kid": name}),
        "a stranger's key without kid": pyjwt.encode(content, stranger, "RS256"),
        "an elliptic key": pyjwt.encode(content, curve, "ES256", headers={"kid": name}),
        "r and s of zero": f"{part({'alg': 'ES256', 'kid': name})}.{payload}.{part(bytes(64))}",
        "RS512 with the right key": headed(alg="RS512"),
        "PS256": headed(alg="PS256"),
        "a kid that is a path": headed(kid="../../../../dev/null"),
        "a kid that is SQL": headed(kid="' OR '1'='1"),
        "a kid that is an address": headed(kid="http://127.0.0.1/jwks.json"),
        "a kid that is long": headed(kid="k" * 9000),
        "a kid that is a list": headed(kid=[name]),
        "a kid that is null": headed(kid=None),
        "an embedded key": headed(jwk={"kty": "RSA", "n": "AQAB", "e": "AQAB"}, kid="x"),
        "a key elsewhere": headed(jku="http://127.0.0.1/jwks.json", kid="x"),
        "a certificate elsewhere": headed(x5u="http://127.0.0.1/x", kid="x"),
        "another payload": f"{header}.{part(content | {'username': 'bob'})}.{signature}",
        "padding": f"{header}.{payload}.{signature}==",
        "blanks": f"{header}.{payload}.{signature} ".replace(" ", "_"),
        "four parts": f"{token}.{signature}",
        "five parts": f"{header}..{payload}.{signature}.x",
        "a deep header": f"{part(b'[' * 3000)}.{payload}.{signature}",
        "a deep payload": ".".join([header, part(b'{"a":' * 2000), signature]),
        "ten megabytes": f"{header}.{payload}.{'A' * 900_000}",
        "no JSON": f"{part(b'x')}.{part(b'y')}.{part(b'z')}",
        "no UTF-8": f"{header}.{part(bytes([0xFF, 0xFE]))}.{signature}",
        "a payload that is a list": f"{header}.{part([])}.{signature}",
        "names with NUL": ".".join([header, part(content | {"client_id": "a\0"}), signature]),
        "names that are numbers": f"{header}.{part(content | {'sub': 7, 'client_id': 7})}.{signature}",
    }
    return found


def _hmac(name: str, payload: str, key: bytes) -> str:
    import hmac
    from hashlib import sha256

    content = f"{part({'alg': 'HS256', 'kid': name})}.{payload}"
    return f"{content}.{part(hmac.new(key, content.encode(), sha256).digest())}"


def test_no_forgery_passes_and_none_takes_long(people: People) -> None:
    token = people.sign_in()["AccessToken"]
    for what, forged in forgeries(people, token).items():
        began = time.process_time()
        assert refusal(get_user, people, forged) == INVALID, what
        assert time.process_time() - began < 2, what
    assert get_user(people, token)


@pytest.mark.parametrize("header", [{"crit": ["exp"]}, {"b64": False}, {"zip": "DEF"}, {"crit": []}])
def test_a_header_that_changes_how_a_token_is_read_is_refused_even_when_signed(
    people: People, header: dict[str, Any]
) -> None:
    content = claims(people.sign_in()["AccessToken"])
    assert refusal(get_user, people, signed(people, json.dumps(content).encode(), header)) == INVALID


def test_headers_that_name_keys_are_not_followed_even_when_signed(people: People) -> None:
    content = json.dumps(claims(people.sign_in()["AccessToken"])).encode()
    header = {"jku": "http://169.254.169.254/", "x5u": "gopher://127.0.0.1", "p2c": 10**9, "x5c": ["AAAA"]}
    assert get_user(people, signed(people, content, header))  # nothing of them is read


TIMES: list[Any] = [None, "soon", "1790000000", 1.79e9, -1, [], {}, True, 10**30, float("1e308")]


@pytest.mark.parametrize("member", ["exp", "iat", "nbf"])
def test_times_that_are_no_whole_seconds_are_refused(people: People, member: str) -> None:
    content = claims(people.sign_in()["AccessToken"])
    for value in TIMES:
        if (member, value) in (("iat", -1), ("nbf", -1), ("exp", 10**30), ("iat", 10**30)):
            continue  # whole numbers; of our own making they would be true
        forged = json.dumps(content | {member: value}).encode()
        assert refusal(get_user, people, signed(people, forged)).name == "NotAuthorized", value
    if member != "nbf":
        del content[member]
        assert refusal(get_user, people, signed(people, json.dumps(content).encode())) == INVALID


@pytest.mark.parametrize("tail", [b',"exp":9999999999}', b',"client_id":"other"}', b',"exp":1e400}', b',"x":NaN}'])
def test_a_claim_that_stands_twice_or_is_no_json_is_refused(people: People, tail: bytes) -> None:
    content = json.dumps(claims(people.sign_in()["AccessToken"])).encode()
    assert refusal(get_user, people, signed(people, content[:-1] + tail)).name == "NotAuthorized"


def test_tokens_of_one_kind_are_not_taken_for_another(people: People) -> None:
    tokens = people.sign_in()
    unsigned, client_id = people.house.idp_unsigned, people.client_id
    session = (
        people.house.user(people.pool_id, "invited", confirmed=False)
        and people.initiate(USERNAME="invited", PASSWORD=PASSWORD)["Session"]
    )
    for wrong in (tokens["IdToken"], tokens["RefreshToken"], session):
        assert refusal(get_user, people, wrong).name in ("NotAuthorized", "InvalidParameter")
    for wrong in (tokens["AccessToken"], tokens["IdToken"], session):
        assert refusal(people.refresh, wrong) == ("NotAuthorized", "Invalid Refresh Token")
        with pytest.raises(ClientError):
            people.rotate(wrong)
        with pytest.raises(ClientError):
            unsigned.revoke_token(Token=wrong, ClientId=client_id)
    for wrong in (tokens["AccessToken"][:2000], tokens["RefreshToken"][:2000]):
        responses = {"USERNAME": "invited", "NEW_PASSWORD": "New-Passw0rd!"}
        assert refusal(people.respond, "NEW_PASSWORD_REQUIRED", wrong, **responses).name in (
            "NotAuthorized",
            "InvalidParameter",
        )
    assert get_user(people, tokens["AccessToken"])


@pytest.mark.parametrize("claim", ["iss", "token_use", "scope", "client_id", "sub", "origin_jti"])
def test_a_token_of_our_own_key_is_refused_when_a_claim_is_not_of_this_pool(people: People, claim: str) -> None:
    other = People(people.house)
    other.alice()
    content, foreign = claims(people.sign_in()["AccessToken"]), claims(other.sign_in()["AccessToken"])
    wrong = {"scope": "openid", "token_use": "id"}.get(claim, foreign[claim])
    assert refusal(get_user, people, signed(people, json.dumps(content | {claim: wrong}).encode())).name in (
        "NotAuthorized",
        "UserNotFound",
    )


def test_an_id_key_signs_no_access_token_of_another_pool(people: People) -> None:
    other = People(people.house)
    content = json.dumps(claims(people.sign_in()["AccessToken"])).encode()
    assert refusal(get_user, people, signed(other, content)) == INVALID


def test_an_attribute_never_takes_the_place_of_a_claim(house: World) -> None:
    names = ["aud", "iss", "exp", "token_use", "auth_time", "jti", "scope"]
    pool = {"Schema": [{"Name": name, "AttributeDataType": "String"} for name in names]}
    people = People(house, pool=pool)
    custom = {f"custom:{name}": "forged" for name in names}
    people.alice(**custom)
    tokens = people.sign_in()
    identity, entry = claims(tokens["IdToken"]), claims(tokens["AccessToken"])
    assert identity["aud"] == people.client_id
    assert identity["token_use"] == "id"
    assert identity["cognito:username"] == "alice"
    assert identity["sub"] == entry["sub"] == people.sub()
    assert "forged" not in json.dumps(entry)


ENDINGS = {
    "disabled": lambda people, tokens: people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice"),
    "deleted": lambda people, tokens: people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice"),
    "signed out by an operator": lambda people, tokens: people.house.idp.admin_user_global_sign_out(
        UserPoolId=people.pool_id, Username="alice"
    ),
    "signed out": lambda people, tokens: people.house.idp_unsigned.global_sign_out(AccessToken=tokens["AccessToken"]),
    "revoked": lambda people, tokens: people.house.idp_unsigned.revoke_token(
        Token=tokens["RefreshToken"], ClientId=people.client_id
    ),
    "client deleted": lambda people, tokens: people.house.idp.delete_user_pool_client(
        UserPoolId=people.pool_id, ClientId=people.client_id
    ),
    "pool deleted": lambda people, tokens: people.house.idp.delete_user_pool(UserPoolId=people.pool_id),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_after_the_end_nothing_that_was_handed_out_does_anything(people: People, ending: str) -> None:
    tokens = people.sign_in()
    srp = people.srp()
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], srp.get_auth_params())
    ENDINGS[ending](people, tokens)

    unsigned, entry = people.house.idp_unsigned, tokens["AccessToken"]
    deeds = [
        (unsigned.get_user, {"AccessToken": entry}),
        (unsigned.global_sign_out, {"AccessToken": entry}),
        (
            unsigned.change_password,
            {"AccessToken": entry, "PreviousPassword": PASSWORD, "ProposedPassword": "N3w-Pass!"},
        ),
        (unsigned.update_user_attributes, {"AccessToken": entry, "UserAttributes": [{"Name": "name", "Value": "x"}]}),
        (unsigned.delete_user_attributes, {"AccessToken": entry, "UserAttributeNames": ["name"]}),
        (unsigned.get_user_attribute_verification_code, {"AccessToken": entry, "AttributeName": "email"}),
        (unsigned.verify_user_attribute, {"AccessToken": entry, "AttributeName": "email", "Code": "123456"}),
        (unsigned.delete_user, {"AccessToken": entry}),
        (unsigned.get_user_auth_factors, {"AccessToken": entry}),
        (unsigned.set_user_mfa_preference, {"AccessToken": entry}),
        (unsigned.associate_software_token, {"AccessToken": entry}),
        (unsigned.start_web_authn_registration, {"AccessToken": entry}),
        (unsigned.list_web_authn_credentials, {"AccessToken": entry}),
        (people.refresh, {"refresh_token": tokens["RefreshToken"]}),
        (people.rotate, {"refresh_token": tokens["RefreshToken"]}),
    ]
    for deed, arguments in deeds:
        found = refusal(deed, **arguments).name
        assert found in ("NotAuthorized", "UserNotFound", "ResourceNotFound", "NotImplemented"), deed
    if ending != "revoked":  # one family only
        found = refusal(people.respond, "PASSWORD_VERIFIER", **responses).name
        assert found in ("NotAuthorized", "ResourceNotFound")


def test_enabling_somebody_again_brings_nothing_back(people: People) -> None:
    tokens = people.sign_in()
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
    people.house.idp.admin_enable_user(UserPoolId=people.pool_id, Username="alice")
    assert refusal(get_user, people, tokens["AccessToken"]) == REVOKED
    assert refusal(people.refresh, tokens["RefreshToken"]).name == "NotAuthorized"


def test_a_password_change_ends_everything_where_the_pool_says_so(people: People) -> None:
    pool_options.set_for_pool(people.house.call(), people.pool_id, {"profile": "secure"})
    tokens = people.sign_in()
    people.house.idp_unsigned.change_password(
        AccessToken=tokens["AccessToken"], PreviousPassword=PASSWORD, ProposedPassword="N3w-Horse-Staple!"
    )
    assert refusal(get_user, people, tokens["AccessToken"]) == REVOKED
    assert refusal(people.refresh, tokens["RefreshToken"]).name == "NotAuthorized"


def test_leaving_a_group_shows_in_the_next_tokens(people: People) -> None:
    idp, where = people.house.idp, {"UserPoolId": people.pool_id}
    idp.create_group(GroupName="admins", **where)
    idp.admin_add_user_to_group(GroupName="admins", Username="alice", **where)
    tokens = people.sign_in()
    assert claims(tokens["AccessToken"])["cognito:groups"] == ["admins"]
    idp.admin_remove_user_from_group(GroupName="admins", Username="alice", **where)
    assert "cognito:groups" not in claims(people.refresh(tokens["RefreshToken"])["AccessToken"])


def rotating(house: World, grace: int) -> People:
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    people = People(house, ExplicitAuthFlows=flows, RefreshTokenRotation=rotation)
    people.alice()
    return people


@pytest.mark.parametrize("grace", [0, 60])
def test_one_refresh_token_raced_by_fifty_leaves_at_most_one_living_child(house: World, grace: int) -> None:
    people = rotating(house, grace)
    first = people.sign_in()["RefreshToken"]

    def attempt(_: int) -> str:
        try:
            return str(people.rotate(first)["RefreshToken"])
        except ClientError as error:
            return str(error.response["Error"]["Code"])

    refusals = {"RefreshTokenReuseException", "NotAuthorizedException"}
    with ThreadPoolExecutor(10) as workers:
        children = [answer for answer in workers.map(attempt, range(50)) if answer not in refusals]

    generations = {refresh_tokens.read(house.lido.keys, people.pool_id, child).generation for child in children}
    assert generations == {2}
    if grace == 0:
        assert len(children) == 1
        assert refusal(people.rotate, children[0]).name == "NotAuthorized"  # the family died of the second use


def test_a_rotated_token_that_comes_back_after_its_grace_ends_the_family(house: World) -> None:
    people = rotating(house, 60)
    first = people.sign_in()["RefreshToken"]
    second = people.rotate(first)["RefreshToken"]
    house.clock.advance(seconds=59)
    people.rotate(first)
    house.clock.advance(seconds=2)

    assert refusal(people.rotate, first).name == "RefreshTokenReuse"
    assert refusal(people.rotate, second) == ("NotAuthorized", "Refresh Token has been revoked")


def test_a_refresh_token_is_worth_nothing_to_another_client_of_the_pool(people: People) -> None:
    other = people.house.app(people.pool_id)["ClientId"]
    tokens = people.sign_in()
    unsigned = people.house.idp_unsigned
    with pytest.raises(ClientError):
        unsigned.get_tokens_from_refresh_token(RefreshToken=tokens["RefreshToken"], ClientId=other)
    parameters = {"REFRESH_TOKEN": tokens["RefreshToken"]}
    with pytest.raises(ClientError):
        unsigned.initiate_auth(AuthFlow="REFRESH_TOKEN_AUTH", ClientId=other, AuthParameters=parameters)
    with pytest.raises(ClientError) as caught:
        unsigned.revoke_token(Token=tokens["RefreshToken"], ClientId=other)
    assert "alice" not in str(caught.value)
    assert people.refresh(tokens["RefreshToken"])


def test_parts_of_two_refresh_tokens_make_no_third(people: People) -> None:
    first, second = (people.sign_in()["RefreshToken"].split(".") for _ in range(2))
    for place in range(1, 5):
        mixed = ".".join([*first[:place], second[place], *first[place + 1 :]])
        if mixed != ".".join(first):
            assert refusal(people.refresh, mixed).name == "NotAuthorized"


def test_ten_thousand_names_handed_out_are_all_different_and_tell_no_order(house: World) -> None:
    call = house.call()
    subs = [call.entropy.uuid() for _ in range(10_000)]
    assert len(set(subs)) == 10_000
    assert sorted(subs) != subs
    firsts = [sub[0] for sub in subs]
    assert all(450 < firsts.count(digit) < 800 for digit in "0123456789abcdef")
