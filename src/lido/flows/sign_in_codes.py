"""Codes of a sign-in under way: sent when the challenge is presented, kept nowhere but in what the person carries.

For strangers all goes the same way, except that nothing is sent and no answer is right.
"""

import hmac

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import codes, delivery, handles, letters, magic_links, wording
from lido.flows.challenges import Effect, Judgement, Offer, Right, Turn, Wrong
from lido.flows.delivery import Attribute, Letter
from lido.flows.events import Fact, tell
from lido.records import Factor, Pool, User
from lido.rules import codes as rules
from lido.rules.codes import Purpose
from lido.rules.profile import with_attributes
from lido.rules.second_factors import FactorName
from lido.rules.steps import Proof
from lido.storage import users
from lido.storage.database import Transaction

WRONG = Wrong("Invalid code or auth state for the user.", errors.CodeMismatch)

_DIGEST = "sign-in code"
_FLAGS: dict[Attribute, str] = {"email": "email_verified", "phone_number": "phone_number_verified"}
_FACTORS: dict[Attribute, FactorName] = {"email": "email_otp", "phone_number": "sms"}


class _Sent(msgspec.Struct, frozen=True, array_like=True):
    """What was sent, as digests: the code, and the address that it went to. As long for strangers."""

    code: bytes
    destination: bytes


_decode = msgspec.msgpack.Decoder(_Sent).decode


def offer(turn: Turn, attribute: Attribute) -> Offer:
    """A code for the user's e-mail address or phone number, or for the address that is to become one.

    Raises the refusals of triggers; presenting it raises TooManyRequests when too many were asked for.
    """
    call, scene, medium = turn.call, turn.scene, delivery.MEDIA[attribute]
    purpose = Purpose.MFA if turn.progress.proofs else Purpose.FIRST_FACTOR
    address = _address(turn, attribute)
    if magic_links.is_chosen(turn.progress):
        code, letter = magic_links.make(turn, address)
    else:
        code = rules.code_digits(call.entropy.bytes(rules.RANDOM_BYTES), rules.RULES[purpose].digits)
        letter = _letter(turn, medium, address, code, purpose) if address else None
    simulated = delivery.simulated(call, scene.pool, scene.typed, [attribute])
    masked = delivery.mask(medium, address) if address else simulated.destination
    digest = call.keys.mac(_DIGEST, scene.pool.pool_id, scene.subject, code)
    sent = _Sent(digest, bytes.fromhex(codes.address_key(call, address or masked)))
    parameters = {"CODE_DELIVERY_DELIVERY_MEDIUM": medium, "CODE_DELIVERY_DESTINATION": masked}
    if turn.progress.door == "pages" and magic_links.is_chosen(turn.progress):
        parameters[magic_links.MARK] = "true"
    if turn.progress.proofs and scene.user is not None:
        parameters["USER_ID_FOR_SRP"] = scene.user.username
    effects = (_sending(turn, purpose, attribute, letter),)
    return Offer(parameters, secret=msgspec.msgpack.encode(sent), effects=effects)


def _letter(turn: Turn, medium: delivery.Medium, address: str, code: str, purpose: Purpose) -> Letter | None:
    call, scene = turn.call, turn.scene
    if scene.user is None:
        return None
    client_id, asked_as = scene.client.client_id, purpose.value
    try:
        words = wording.ask(call, scene.pool, scene.user, medium, "Authentication", client_id, purpose=asked_as)
    except errors.LimitExceeded as fault:
        raise errors.TooManyRequests(fault.message) from None
    letter = letters.authentication(scene.pool, scene.user, medium, address, code, words)
    return delivery.for_trigger(call, letter, client_id)


def answer(turn: Turn, attribute: Attribute, *names: str) -> Judgement:
    """Judges the code under one of these names; right, it also proves the address. Raises InvalidParameter."""
    call, scene = turn.call, turn.scene
    code = next((turn.given[name] for name in names if turn.given.get(name)), None) or turn.required(names[0])
    sent = _decode(turn.progress.secret)

    def judge() -> Right | Wrong:
        possible = call.keys.macs(_DIGEST, scene.pool.pool_id, scene.subject, code)
        fits = [hmac.compare_digest(sent.code, digest) for digest in possible]
        address = _address(turn, attribute)
        if not any(fits) or scene.user is None or address is None or not _went_to(call, sent, address):
            return WRONG
        factor = "link" if magic_links.is_chosen(turn.progress) else _FACTORS[attribute]
        proof = Proof(factor, call.now, delivery.MEDIA[attribute])
        return _proven(turn, scene.user, attribute, address, proof)

    return judge


def _address(turn: Turn, attribute: Attribute) -> str | None:
    user, to_become = turn.scene.user, turn.progress.address
    if user is None:
        return None
    is_settled = user.email_verified or "EMAIL_OTP" in turn.situation.second_factors
    if to_become and user.email != to_become and is_settled:
        # Another was proven since: that one stays, whoever began earlier.
        return None
    return to_become or delivery.address_of(user, attribute)


def _went_to(call: Call, sent: _Sent, address: str) -> bool:
    return sent.destination.hex() in codes.address_keys(call, address)


def _sending(turn: Turn, purpose: Purpose, attribute: Attribute, letter: Letter | None) -> Effect:
    call, scene, medium = turn.call, turn.scene, delivery.MEDIA[attribute]
    pool, user = scene.pool, scene.user

    def send(tx: Transaction) -> None:
        try:
            codes.ask(call, tx, pool, scene.subject, purpose.value)
            if letter is None or user is None:
                return
            codes.ask_destination(call, tx, pool, letter.to)
        except errors.LimitExceeded as fault:
            # The models of these operations do not know that refusal.
            raise errors.TooManyRequests(fault.message) from None
        expires_at = call.now + scene.terms.session_seconds * 1000
        delivery.send(call, tx, pool, user, medium, letter, expires_at=expires_at)
        fact = Fact(client_id=scene.client.client_id, names=[attribute], medium=medium, reason=letter.source)
        tell(call, tx, pool.pool_id, "code_sent", user.sub, fact)

    return send


def _proven(turn: Turn, user: User, attribute: Attribute, address: str, proof: Proof) -> Right:
    """The code proves its address too; an address that was being set up becomes a factor."""
    scene, sets_up = turn.scene, bool(turn.progress.address)
    changed = with_attributes(user, {attribute: address, _FLAGS[attribute]: "true"})
    if not sets_up and (changed == user or not _is_no_alias(scene.pool, user, changed)):
        return Right(scene, proof)
    after = msgspec.structs.replace(changed, factors=changed.factors | Factor.EMAIL) if sets_up else changed
    effect = _storing(turn, user, changed, attribute, sets_up=sets_up)
    return Right(msgspec.structs.replace(scene, user=after), proof, (effect,))


def _is_no_alias(pool: Pool, user: User, changed: User) -> bool:
    """Whether proving the address makes no name of it, which could be somebody else's."""
    return handles.handles_of(pool, user) == handles.handles_of(pool, changed)


def _storing(turn: Turn, user: User, changed: User, attribute: Attribute, *, sets_up: bool) -> Effect:
    call, scene = turn.call, turn.scene

    def store(tx: Transaction) -> None:
        if not handles.store(call, tx, scene.pool, user, changed):
            raise errors.TooManyRequests
        if sets_up:
            users.set_factors(tx, user.pool_id, user.sub, add=Factor.EMAIL, remove=Factor.NONE, now=call.now)
        fact = Fact(client_id=scene.client.client_id, names=[attribute])
        tell(call, tx, user.pool_id, "attribute_verified", user.sub, fact)

    return store
