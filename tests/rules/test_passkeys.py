"""What is accepted of a passkey's answers; every test spoils a right one in one place."""

import json

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fido2 import cbor
from fido2.cose import ES384, RS256
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import given
from hypothesis import strategies as st
from tests.passkeys import AT, BE, BS, ED, UP, UV, Authenticator

from lido import errors
from lido.records import Passkey
from lido.rules import passkeys
from lido.rules.passkeys import Expected

CHALLENGE = bytes(range(32))
RP_ID = "example.com"
SUB = "34c84488-e0e1-70ae-d2ee-991ad1a898c8"
EXPECTED = Expected("webauthn.create", CHALLENGE, RP_ID, frozenset(), verification=False)
CREATION = passkeys.creation_options(
    challenge=CHALLENGE, rp_id=RP_ID, sub=SUB, username="alice", verification="preferred", known=[]
)
REQUEST = passkeys.request_options(challenge=CHALLENGE, rp_id=RP_ID, verification="preferred", allowed=[])


def stored(authenticator, **changes):
    """The row that registering this authenticator makes."""
    made = passkeys.registered(authenticator.create(CREATION), EXPECTED)
    row = Passkey(
        pool_id="pool",
        credential_id=made.credential_id,
        sub=SUB,
        public_key=made.public_key,
        sign_count=made.sign_count,
        backup_eligible=made.backup_eligible,
        backed_up=made.backed_up,
        rp_id=RP_ID,
        name=None,
        attachment=made.attachment,
        transports=None,
        aaguid=made.aaguid,
        created_at=0,
        used_at=None,
    )
    return msgspec.structs.replace(row, **changes)


def register(*, expected=EXPECTED, authenticator=None, **spoilt):
    return passkeys.registered((authenticator or Authenticator()).create(CREATION, **spoilt), expected)


def verify(authenticator, passkey, *, expected=EXPECTED, **spoilt):
    expected = msgspec.structs.replace(expected, ceremony="webauthn.get")
    answer = json.dumps(authenticator.get(REQUEST, **spoilt))
    return passkeys.verified(passkeys.assertion(answer), passkey, expected)


CLIENT_DATA = [
    ({"type": "webauthn.get"}, errors.InvalidParameter),
    ({"type": "webauthn.Create"}, errors.InvalidParameter),
    ({"type": None}, errors.InvalidParameter),
    ({"challenge": websafe_encode(bytes(32))}, errors.WebAuthnChallengeNotFound),
    ({"challenge": websafe_encode(CHALLENGE[:16])}, errors.WebAuthnChallengeNotFound),
    ({"challenge": ""}, errors.WebAuthnChallengeNotFound),
    ({"challenge": 7}, errors.InvalidParameter),
    ({"origin": "https://evil-example.com"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://example.com.evil"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://evil.com/example.com"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://evil.com#.example.com"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://user@example.com"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://example.com:8443"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://example.com/"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://example.com\n"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "https://EXAMPLE.com"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "http://example.com"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "http://localhost"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "android:apk-key-hash:x"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": "null"}, errors.WebAuthnOriginNotAllowed),
    ({"origin": ""}, errors.WebAuthnOriginNotAllowed),
    ({"origin": ["https://example.com"]}, errors.InvalidParameter),
    ({"crossOrigin": True}, errors.WebAuthnOriginNotAllowed),
    ({"crossOrigin": "false"}, errors.InvalidParameter),
    ({"topOrigin": "https://example.com"}, errors.WebAuthnOriginNotAllowed),
]
FLAGS = [UV | BE, BE, 0, UP | BS, UP | UV | BS]


@pytest.mark.parametrize("algorithm", [-7, -257, -8])
def test_a_passkey_of_each_algorithm_registers_and_signs_in(algorithm):
    authenticator = Authenticator(algorithm=algorithm)
    passkey = stored(authenticator)

    verified = verify(authenticator, passkey)

    assert (verified.user_verified, verified.sign_count, verified.backed_up) == (True, 1, False)


def test_what_is_stored_is_what_the_authenticator_says():
    authenticator = Authenticator()
    made = register(authenticator=authenticator, flags=UP | BE | BS | AT)

    assert made.credential_id == authenticator.id
    assert cbor.decode(made.public_key) == dict(authenticator.cose)
    assert (made.backup_eligible, made.backed_up) == (True, True)
    assert (made.attachment, made.transports) == ("platform", ("hybrid", "internal"))
    assert made.aaguid == "00112233-4455-6677-8899-aabbccddeeff"


@pytest.mark.parametrize(("client", "fault"), CLIENT_DATA, ids=str)
def test_client_data_that_does_not_fit_is_refused_at_registration(client, fault):
    with pytest.raises(fault):
        register(client=client)


@pytest.mark.parametrize("client", [client for client, _ in CLIENT_DATA if client != {"type": "webauthn.get"}], ids=str)
def test_client_data_that_does_not_fit_is_refused_at_sign_in(client):
    authenticator = Authenticator()
    passkey = stored(authenticator)

    with pytest.raises(errors.Fault):
        verify(authenticator, passkey, client=client)


def test_an_answer_to_one_ceremony_does_not_serve_the_other():
    authenticator = Authenticator()
    passkey = stored(authenticator)

    with pytest.raises(errors.InvalidParameter):
        verify(authenticator, passkey, client={"type": "webauthn.create"})


@pytest.mark.parametrize("origin", ["https://example.com", "https://login.example.com", "https://a.b.example.com"])
def test_pages_at_or_below_the_domain_may_register(origin):
    assert register(client={"origin": origin})


@pytest.mark.parametrize("origin", ["https://example.com:8443", "android:apk-key-hash:abc"])
def test_further_origins_are_allowed_by_their_whole_name(origin):
    expected = msgspec.structs.replace(EXPECTED, origins=frozenset({origin}))

    assert register(expected=expected, client={"origin": origin})
    with pytest.raises(errors.WebAuthnOriginNotAllowed):
        register(expected=expected, client={"origin": origin + "0"})


def test_localhost_needs_no_https_and_has_any_port():
    allowed = [passkeys.is_origin_of(f"{scheme}://localhost{port}", "localhost") for scheme, port in ORIGINS_AT_HOME]

    assert allowed == [True] * 4
    assert passkeys.is_origin_of("http://app.localhost:3000", "localhost")
    assert not passkeys.is_origin_of("http://evil-localhost", "localhost")
    assert not passkeys.is_origin_of("http://localhost.evil", "localhost")
    assert not passkeys.is_origin_of("ftp://localhost", "localhost")


ORIGINS_AT_HOME = [("http", ""), ("http", ":3000"), ("https", ""), ("https", ":9229")]


@pytest.mark.parametrize("flags", FLAGS)
def test_flags_that_cannot_be_are_refused(flags):
    authenticator = Authenticator()
    passkey = stored(authenticator)

    with pytest.raises(errors.InvalidParameter):
        register(flags=flags | AT)
    with pytest.raises(errors.Fault):
        verify(authenticator, passkey, flags=flags)


def test_a_user_who_must_be_verified_was():
    expected = msgspec.structs.replace(EXPECTED, verification=True)
    authenticator = Authenticator()
    passkey = stored(authenticator)

    with pytest.raises(errors.InvalidParameter):
        register(expected=expected, flags=UP | AT)
    with pytest.raises(errors.Fault):
        verify(authenticator, passkey, expected=expected, flags=UP | BE)
    assert register(expected=expected, flags=UP | UV | AT)
    assert not verify(authenticator, passkey, flags=UP | BE).user_verified


def test_a_passkey_cannot_become_able_to_be_backed_up_nor_lose_it():
    able, unable = Authenticator(), Authenticator()
    unable.flags = UP | UV

    with pytest.raises(errors.NotAuthorized):
        verify(able, stored(able), flags=UP | UV)
    with pytest.raises(errors.NotAuthorized):
        verify(unable, stored(unable), flags=UP | UV | BE)


def test_a_backup_made_later_is_noted():
    authenticator = Authenticator()

    assert verify(authenticator, stored(authenticator), flags=UP | UV | BE | BS).backed_up


@pytest.mark.parametrize("rp_id", ["example.org", "login.example.com", "com"])
def test_another_relying_party_is_refused(rp_id):
    authenticator = Authenticator()
    passkey = stored(authenticator)

    with pytest.raises(errors.WebAuthnRelyingPartyMismatch):
        register(rp_id=rp_id)
    with pytest.raises(errors.WebAuthnRelyingPartyMismatch):
        verify(authenticator, passkey, rp_id=rp_id)


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, bytes(256)])
@pytest.mark.parametrize("algorithm", [-7, -257, -8])
def test_a_signature_that_is_none_is_refused(algorithm, signature):
    authenticator = Authenticator(algorithm=algorithm)

    with pytest.raises(errors.NotAuthorized):
        verify(authenticator, stored(authenticator), signature=signature)


def test_a_signature_of_another_key_is_refused():
    authenticator, other = Authenticator(), Authenticator(credential_id=b"same id")
    authenticator.credential_id = b"same id"
    passkey = stored(authenticator)
    other.user_handle = SUB.encode()

    with pytest.raises(errors.NotAuthorized):
        verify(other, passkey)


def test_an_assertion_for_another_credential_is_refused():
    authenticator = Authenticator()

    with pytest.raises(errors.NotAuthorized):
        verify(authenticator, stored(authenticator, credential_id="b3RoZXI"))


def test_the_user_handle_is_the_users_or_absent():
    authenticator = Authenticator()
    passkey = stored(authenticator)

    assert verify(authenticator, passkey, user_handle=b"")
    with pytest.raises(errors.NotAuthorized):
        verify(authenticator, passkey, user_handle=b"somebody else")


def test_any_attestation_is_taken_and_none_believed():
    assert register(fmt="packed").aaguid == register(fmt="none").aaguid


def test_ids_have_at_most_1023_bytes():
    assert register(authenticator=Authenticator(credential_id=bytes(1_023)))
    with pytest.raises(errors.InvalidParameter):
        register(authenticator=Authenticator(credential_id=bytes(1_024)))


@pytest.mark.parametrize("members", [{"id": "b3RoZXI"}, {"rawId": "b3RoZXI"}, {"id": "b3RoZXI", "rawId": "b3RoZXI"}])
def test_the_id_is_the_authenticator_s_own(members):
    with pytest.raises(errors.InvalidParameter):
        register(**members)


def test_a_credential_that_cannot_be_discovered_is_refused():
    with pytest.raises(errors.InvalidParameter, match="Credential data is not valid"):
        register(clientExtensionResults={"credProps": {"rk": False}})
    assert register(clientExtensionResults={"credProps": {}})
    assert register(clientExtensionResults={})


def keys_not_offered():
    curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    yield dict(ES384.from_cryptography_key(curve))
    yield {**Authenticator().cose, 3: -9}
    yield {**Authenticator().cose, 3: 0}
    yield {**Authenticator().cose, 3: -65_535}


@pytest.mark.parametrize("key", [*keys_not_offered()], ids=lambda key: str(key[3]))
def test_an_algorithm_that_was_not_offered_is_refused(key):
    with pytest.raises((errors.WebAuthnCredentialNotSupported, errors.InvalidParameter)):
        register(public_key=cbor.encode(key))


def weak_rsa():
    return dict(RS256.from_cryptography_key(rsa.generate_private_key(65_537, 1_024).public_key()))


RSA_KEY = dict(Authenticator(algorithm=-257).cose)


@pytest.mark.parametrize(
    "key",
    [
        {**Authenticator().cose, -1: 2},
        {**Authenticator().cose, 1: 3},
        {**Authenticator().cose, -2: bytes(32)},
        {**Authenticator().cose, -3: bytes(31)},
        {**Authenticator().cose, -2: 5},
        {**Authenticator().cose, 3: -257},
        {3: -7},
        {},
        [],
        weak_rsa(),
        {**RSA_KEY, -1: b"\xff" * 2_048},
        {**RSA_KEY, -2: b"\xff" * 256},
        {**RSA_KEY, -2: b"\1"},
        {**RSA_KEY, -2: b""},
        {**Authenticator(algorithm=-8).cose, -2: bytes(31)},
        {**Authenticator(algorithm=-8).cose, -1: 7},
    ],
    ids=map(str, range(16)),
)
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(errors.InvalidParameter):
        register(public_key=cbor.encode(key))


def auth_data(tail=b"", flags=UP | UV | AT):
    """Authenticator data of a right registration, with something behind."""
    answer = Authenticator(credential_id=b"id").create(CREATION, flags=flags)
    return cbor.decode(websafe_decode(answer["response"]["attestationObject"]))["authData"] + tail


ATTESTATIONS = {
    "empty": b"",
    "a number": b"\x05",
    "cut short": cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data()})[:-1],
    "more behind": cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data()}) + b"\0",
    "a key twice": b"\xa4" + cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data()})[1:] + b"\x63fmt\x60",
    "indefinite length": b"\xbf" + cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data()})[1:] + b"\xff",
    "a huge length": b"\xa1\x63fmt\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
    "a huge array": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "a huge number for bytes": cbor.encode({"fmt": "none", "attStmt": {}, "authData": 2**40}),
    "numbers for bytes": cbor.encode({"fmt": "none", "attStmt": {}, "authData": [0] * 200}),
    "deeply nested": b"\x81" * 10_000 + b"\0",
    "a longer number than needed": b"\xb8\x03"
    + cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data()})[1:],
    "a list as key": b"\xa1\x80\x00",
    "a tag": b"\xc0\x00",
    "no statement": cbor.encode({"fmt": "none", "authData": auth_data()}),
    "authenticator data with more behind": cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data(b"\0")}),
    "extensions promised": cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data(flags=UP | AT | ED)}),
    "no credential": cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data(flags=UP)[:37]}),
    "too long": cbor.encode({"fmt": "none", "attStmt": {"x": bytes(20_000)}, "authData": auth_data()}),
}


@pytest.mark.parametrize("attestation", ATTESTATIONS.values(), ids=ATTESTATIONS)
def test_malformed_attestation_is_refused(attestation):
    with pytest.raises(errors.InvalidParameter, match="Credential data is not valid"):
        register(authenticator=Authenticator(credential_id=b"id"), attestation=attestation)


def test_the_same_attestation_unspoilt_is_taken():
    whole = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data()})

    assert register(authenticator=Authenticator(credential_id=b"id"), attestation=whole)


def test_extensions_are_parsed_and_mean_nothing():
    tail = cbor.encode({"credProtect": 2})
    whole = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data(tail, flags=UP | AT | ED)})

    assert register(authenticator=Authenticator(credential_id=b"id"), attestation=whole)


def refused_or_taken(deed, *arguments):
    """Whatever comes in, it ends in a result or in a refusal."""
    try:
        deed(*arguments)
    except errors.Fault:
        return


@given(st.binary(max_size=300))
def test_any_bytes_for_an_attestation_end_in_a_refusal(attestation):
    with pytest.raises(errors.Fault):
        register(attestation=attestation)


@given(st.binary(max_size=300))
def test_any_bytes_for_authenticator_data_end_in_a_refusal(data):
    with pytest.raises(errors.Fault):
        register(auth_data=data)


@given(st.binary(max_size=200))
def test_any_bytes_for_a_key_end_in_a_refusal(key):
    with pytest.raises(errors.Fault):
        register(public_key=key)


@given(st.data())
def test_a_flipped_byte_of_a_registration_never_breaks_anything(data):
    answer = Authenticator().create(CREATION)
    name = data.draw(st.sampled_from(["attestationObject", "clientDataJSON"]))
    content = bytearray(websafe_decode(answer["response"][name]))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    answer["response"][name] = websafe_encode(bytes(content))

    refused_or_taken(passkeys.registered, answer, EXPECTED)


KNOWN = Authenticator()
KNOWN_ROW = stored(KNOWN)
KNOWN_ANSWER = json.dumps(KNOWN.get(REQUEST))


@given(st.data())
def test_an_assertion_with_a_changed_byte_is_refused(data):
    answer = json.loads(KNOWN_ANSWER)
    name = data.draw(st.sampled_from(["authenticatorData", "clientDataJSON", "signature"]))
    content = bytearray(websafe_decode(answer["response"][name]))
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    answer["response"][name] = websafe_encode(bytes(content))

    with pytest.raises(errors.Fault):
        expected = msgspec.structs.replace(EXPECTED, ceremony="webauthn.get")
        passkeys.verified(passkeys.assertion(json.dumps(answer)), KNOWN_ROW, expected)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)


@given(plain)
def test_any_json_for_a_credential_ends_in_a_refusal(document):
    with pytest.raises(errors.InvalidParameter):
        passkeys.assertion(json.dumps(document))
    with pytest.raises(errors.InvalidParameter):
        passkeys.registered(document, EXPECTED)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "x" * 1_000_000, '{"id": "\ud800"}', "null"])
def test_text_that_is_no_credential_is_refused(text):
    with pytest.raises(errors.InvalidParameter):
        passkeys.assertion(text)


@pytest.mark.parametrize("name", ["id", "type", "response"])
def test_a_credential_lacks_nothing(name):
    answer = Authenticator().create(CREATION)
    del answer[name]

    with pytest.raises(errors.InvalidParameter):
        passkeys.registered(answer, EXPECTED)


@pytest.mark.parametrize(
    ("stored_count", "given_count", "goes_on"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 900, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_a_counter_goes_on_or_never_counted(stored_count, given_count, goes_on):
    assert passkeys.counts_on(stored_count, given_count) is goes_on


@pytest.mark.parametrize("name", ["example.com", "localhost", "login.example.com", "xn--bcher-kva.example"])
def test_domains_can_be_relying_parties(name):
    assert passkeys.is_domain(name)


@pytest.mark.parametrize(
    "name",
    ["", "127.0.0.1", "::1", "[::1]", "https://example.com", "example.com.", ".com", "a b", "a/b", "EXAMPLE.COM"],
)
def test_other_names_cannot(name):
    assert not passkeys.is_domain(name)
