"""A passkey's answer counts for its own user, page, relying party and challenge, and hostile bytes only ever refuse."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from fido2 import cbor
from fido2.utils import websafe_decode, websafe_encode
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.abuse.stages import Everything, Stage, reach
from tests.passkeys import AT, BE, BS, UP, UV, Authenticator
from tests.remembered import outcome
from tests.sign_ins import refusal
from tests.world import World

WRONG = ("NotAuthorized", "Incorrect username or password.")
NOT_VALID = "InvalidParameter"
BRIEF = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)


@pytest.fixture
def people(house: World) -> Everything:
    return Everything(house)


def asked(people: Everything, name: str, username: str = "alice") -> tuple[Stage, dict[str, Any]]:
    """A passkey's challenge, as first or as second factor, and what it asks for."""
    stage = reach(people, name, username)
    client_data = json.loads(
        websafe_decode(json.loads(stage.answer["CREDENTIAL"])["response"]["clientDataJSON"]).decode()
    )
    return stage, {"challenge": client_data["challenge"], "rpId": "example.com"}


FORGED: dict[str, dict[str, Any]] = {
    "another ceremony": {"client": {"type": "webauthn.create"}},
    "an older challenge": {"client": {"challenge": websafe_encode(bytes(32))}},
    "a prefix": {"client": {"origin": "https://evil-example.com"}},
    "a suffix": {"client": {"origin": "https://example.com.evil"}},
    "a port": {"client": {"origin": "https://example.com:8443"}},
    "a scheme": {"client": {"origin": "http://example.com"}},
    "no page": {"client": {"origin": "null"}},
    "a frame": {"client": {"crossOrigin": True}},
    "a relying party": {"rp_id": "evil.example"},
    "nobody there": {"flags": UV | BE},
    "nobody verified": {"flags": UP | BE},
    "backed up, not able to be": {"flags": UP | UV | BS},
    "not able to be backed up any more": {"flags": UP | UV},
    "a counter that went back": {"count": 0},
    "somebody's handle": {"user_handle": b"mallory"},
    "a signature": {"signature": b"\x30\x06\x02\x01\x01\x02\x01\x01"},
}


def test_no_forged_assertion_is_a_second_factor(people: Everything) -> None:
    people.house.clock.sleep = lambda seconds: None  # type: ignore[method-assign, misc, assignment]
    # A counter that never counted could not go back.
    assert people.give(reach(people, "a second passkey"))["AuthenticationResult"]
    opened, refused = people.sessions(), {}
    for name, spoilt in FORGED.items():
        stage, options = asked(people, "a second passkey")
        credential = json.dumps(people.keys["alice"].get(options, **spoilt))
        refused[name] = refusal(people.give, stage, CREDENTIAL=credential)

    assert refused == dict.fromkeys(FORGED, WRONG)
    assert people.sessions() == opened


@pytest.mark.parametrize("name", ["a passkey", "a second passkey"])
def test_somebody_elses_passkey_is_none_whatever_it_says_of_its_owner(people: Everything, name: str) -> None:
    people.join("mallory", "2")
    handles = [people.sub("alice").encode(), people.sub("mallory").encode(), b""]
    opened = people.sessions()
    for handle in handles:
        stage, options = asked(people, name)
        forged = people.keys["mallory"].get(options, user_handle=handle)
        assert refusal(people.give, stage, CREDENTIAL=json.dumps(forged)) == WRONG
        stage, options = asked(people, name)
        renamed = {**forged, "id": people.keys["alice"].id, "rawId": people.keys["alice"].id}
        assert refusal(people.give, stage, CREDENTIAL=json.dumps(renamed)) == WRONG
    assert people.sessions() == opened


def test_an_assertion_for_the_first_factor_is_none_for_the_second(people: Everything) -> None:
    """Each answers to its own challenge."""
    first = reach(people, "a passkey")
    second = reach(people, "a second passkey")

    assert refusal(people.give, second, CREDENTIAL=first.answer["CREDENTIAL"]) == WRONG


def test_a_registration_answers_to_no_sign_in_and_a_sign_in_to_no_registration(people: Everything) -> None:
    token = people.sign_in()["AccessToken"]
    idp, key = people.house.idp_unsigned, people.keys["alice"]
    creation = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    stage, options = asked(people, "a passkey")
    crossed = key.get({**options, "challenge": creation["challenge"]}, client={"type": "webauthn.create"})

    assert refusal(people.give, stage, CREDENTIAL=json.dumps(crossed)) == WRONG
    assertion = key.get({**options, "challenge": creation["challenge"]})
    refused = refusal(idp.complete_web_authn_registration, AccessToken=token, Credential=assertion)
    assert refused.name == NOT_VALID


def test_a_registration_of_two_answers_at_once_stores_one(people: Everything) -> None:
    token, idp = people.sign_in()["AccessToken"], people.house.idp_unsigned
    creation = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    made = [Authenticator().create(creation) for _ in range(6)]

    def complete(credential: dict[str, Any]) -> str:
        return outcome(idp.complete_web_authn_registration, AccessToken=token, Credential=credential)

    with ThreadPoolExecutor(6) as threads:
        outcomes = sorted(threads.map(complete, made))
    assert outcomes == ["WebAuthnChallengeNotFound"] * 5 + ["in"]
    assert len(idp.list_web_authn_credentials(AccessToken=token)["Credentials"]) == 2


# Hostile bytes, over the wire


class Bend(NamedTuple):
    """One change of some bytes, whatever they are."""

    kind: str
    at: int
    more: bytes

    def __call__(self, content: bytes) -> bytes:
        at = self.at % (len(content) + 1)
        match self.kind:
            case "inserted":
                return content[:at] + self.more + content[at:]
            case "cut off":
                return content[:at]
            case "lost":
                return content[:at] + content[at + len(self.more) :]
            case _:
                return content[:at] + self.more + content[at + len(self.more) :]


BENDS = st.builds(
    Bend,
    st.sampled_from(["inserted", "cut off", "lost", "replaced"]),
    st.integers(0, 1_000),
    st.binary(min_size=1, max_size=9),
)


def objects() -> st.SearchStrategy[bytes]:
    """CBOR of any shape, and what only begins like CBOR: indefinite, endless, nested without end, with keys twice."""
    leaves = st.one_of(st.booleans(), st.integers(-(2**64), 2**64 - 1), st.binary(max_size=40), st.text(max_size=9))
    values = st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    )
    members = {"fmt": st.just("none"), "attStmt": st.just({}), "authData": st.binary(max_size=300) | values}
    shaped = st.fixed_dictionaries(members).map(cbor.encode)
    crude = st.sampled_from(
        [
            b"\x9f\xff",
            b"\xbf\x61a\x01\xff",
            b"\x9b" + b"\xff" * 8,
            b"\xbb" + b"\xff" * 8,
            b"\x5b" + b"\xff" * 8,
            b"\x81" * 12_000,
            b"\xa1\x61a" * 4_000 + b"\x01",
            b"\xc0" * 12_000,
            b"\xa2\x61a\x01\x61a\x02",
            b"\xf9\x7e\x00",
            b"\xfb" + b"\xff" * 8,
        ]
    )
    return shaped | crude | values.map(_encoded)


def _encoded(value: Any) -> bytes:
    try:
        return cbor.encode(value)
    except (ValueError, TypeError):
        return b""


STORED_OR_REFUSED = {
    "in",
    "InvalidParameter",
    "WebAuthnChallengeNotFound",
    "WebAuthnOriginNotAllowed",
    "WebAuthnRelyingPartyMismatch",
    "WebAuthnCredentialNotSupported",
}


@BRIEF
@given(change=BENDS | objects())
def test_no_attestation_makes_a_fault(people: Everything, change: Any) -> None:
    """Refused by name; or, bent where nothing is said (nobody vouches for a passkey), stored and worth nothing else."""
    idp = people.house.idp_unsigned
    token = people.sign_in()["AccessToken"]
    creation = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    right = Authenticator().create(creation)
    whole = websafe_decode(right["response"]["attestationObject"])
    right["response"]["attestationObject"] = websafe_encode(change(whole) if callable(change) else change)
    came_of_it = outcome(idp.complete_web_authn_registration, AccessToken=token, Credential=right)

    assert came_of_it in STORED_OR_REFUSED
    if came_of_it == "in":
        idp.delete_web_authn_credential(AccessToken=token, CredentialId=right["id"])


@BRIEF
@given(part=st.sampled_from(["clientDataJSON", "authenticatorData", "signature"]), change=BENDS | objects())
def test_no_assertion_with_a_changed_byte_signs_in_or_makes_a_fault(people: Everything, part: str, change: Any) -> None:
    stage = reach(people, "a passkey")
    credential, opened = json.loads(stage.answer["CREDENTIAL"]), people.sessions()
    right = websafe_decode(credential["response"][part])
    changed = change(right) if callable(change) else change
    assume(changed != right)
    credential["response"][part] = websafe_encode(changed)

    assert refusal(people.give, stage, CREDENTIAL=json.dumps(credential)).name in ("NotAuthorized", "InvalidParameter")
    assert people.sessions() == opened


FORMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)


@BRIEF
@given(document=FORMS | st.fixed_dictionaries({"id": FORMS, "type": st.just("public-key"), "response": FORMS}))
def test_no_json_for_a_credential_makes_a_fault(people: Everything, document: Any) -> None:
    stage = reach(people, "a passkey")
    text = json.dumps(document)

    assert refusal(people.give, stage, CREDENTIAL=text).name == "InvalidParameter"
    token = people.sign_in()["AccessToken"]
    people.house.idp_unsigned.start_web_authn_registration(AccessToken=token)
    given_as = document if isinstance(document, dict) else {"id": document}
    complete = people.house.idp_unsigned.complete_web_authn_registration
    assert refusal(complete, AccessToken=token, Credential=given_as).name in ("InvalidParameter", "Serialization")


@pytest.mark.parametrize("size", [0, 1_024, 16_384])
def test_an_id_of_no_length_or_too_long_a_one_is_not_stored(people: Everything, size: int) -> None:
    token, idp = people.sign_in()["AccessToken"], people.house.idp_unsigned
    creation = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    made = Authenticator(credential_id=b"x" * max(size, 1))
    credential = made.create(creation) if size else made.create(creation, id="", rawId="")

    refused = refusal(idp.complete_web_authn_registration, AccessToken=token, Credential=credential)
    assert refused.name == NOT_VALID


def test_a_passkey_that_says_it_verified_nobody_is_not_both_factors(people: Everything) -> None:
    """Where one is registered without that, and the pool takes passkeys for two."""
    token, idp = people.sign_in()["AccessToken"], people.house.idp_unsigned
    creation = idp.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    unverified = Authenticator()
    unverified.flags = UP | BE
    made = unverified.create(creation, flags=UP | BE | AT)
    idp.complete_web_authn_registration(AccessToken=token, Credential=made)
    people.switch("alice", "SoftwareTokenMfaSettings")
    people.passkeys("MULTI_FACTOR_WITH_USER_VERIFICATION")
    people.keys["alice"] = unverified

    assert refusal(people.give, reach(people, "a passkey")) == WRONG
