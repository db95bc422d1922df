"""The device grant (RFC 8628): a device without a browser shows a code, a person allows it elsewhere, the device polls.

A code that is typed leads to a sealed ticket, so that codes can be guessed at one place, which has a budget.
"""

from typing import NoReturn

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import budgets, redemption, tokens
from lido.flows.browser import BrowserSession
from lido.flows.client_authentication import ProvenClient
from lido.flows.grants import GrantInfo
from lido.flows.redemption import Allowed
from lido.flows.tokens import Tokens
from lido.records import Client
from lido.rules import networks, options, scopes, user_codes
from lido.rules.sealing import Unsealable
from lido.rules.steps import Proof
from lido.storage import device_grants, resource_servers, sign_ins
from lido.storage.device_grants import DeviceGrant, Permit, State

LIFE_SECONDS = 600
INTERVAL_SECONDS = 5
OPTION = "device_grant"

_SELF_REGISTERED = "DCR"
_SLOWER_SECONDS = 5
_CODE_BYTES = 32
_LONGEST_CODE = 128
_LONGEST_TICKET = 512
_TRIES = 3
_CODE, _USER_CODE, _TICKET, _QUESTION = "device code", "user code", "device ticket", "device question"
_GUESSES, _DEVICES, _WINDOW_MS = 10, 100, 600_000
"""How many codes may be typed, and how many devices begin, from one address in ten minutes."""


class Issued(msgspec.Struct, frozen=True):
    """What the device is given; it shows `user_code`."""

    device_code: str
    user_code: str

    def __repr__(self) -> str:
        return "Issued(…)"


class DeviceRequest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the device asked for, and the page where its code is typed."""

    scope: str
    page: str
    resource: str | None = None


class Waiting(msgspec.Struct, frozen=True):
    """A device that waits for a person, and the code that it shows; `ticket` names it to our own pages."""

    grant: DeviceGrant
    request: DeviceRequest
    user_code: str
    ticket: str

    def __repr__(self) -> str:
        return "Waiting(…)"


class _Ticket(msgspec.Struct, frozen=True, array_like=True):
    digest: bytes
    user_code: str


class Question(msgspec.Struct, frozen=True):
    """What is asked: whether `app` may come in as `username`. `question` is what the answer carries, sealed: this
    device, and the session of the person whom the page asked.
    """

    question: str
    username: str
    app: str


class _SignIn(msgspec.Struct, frozen=True):
    proofs: tuple[Proof, ...]
    sso_id: str


_decode_request = msgspec.json.Decoder(DeviceRequest).decode
_decode_ticket = msgspec.msgpack.Decoder(_Ticket).decode
_decode_sign_in = msgspec.json.Decoder(_SignIn).decode


def begin(call: Call, client: ProvenClient, *, scope: str | None, resource: str | None, page: str) -> Issued:
    """Codes for a device that will wait at most `LIFE_SECONDS`; `page` is where its code is typed.

    Raises OAuthError `unauthorized_client`, `invalid_scope`; TooManyRequests.
    """
    _require_allowed(client)
    with call.db.read() as tx:
        known = resource_servers.scopes_of(tx, client.pool)
    known |= scopes.beyond_cognito(client.pool)
    allowed = [name for name in client.terms.oauth.scopes if name in scopes.STANDARD or name in known]
    granted = scopes.requested(scope, allowed)
    if not granted:
        raise errors.OAuthError("invalid_scope")
    _take(call, client.pool.pool_id, "devices", _DEVICES)
    for _ in range(_TRIES):
        device_code = call.entropy.bytes(_CODE_BYTES).hex()
        user_code = user_codes.make(call.entropy.bytes(user_codes.RANDOM_BYTES))
        row = _row(call, client.client, DeviceRequest(" ".join(granted), page, resource), device_code, user_code)
        with call.db.write() as tx:
            if device_grants.add(tx, row):
                return Issued(device_code, user_codes.shown(user_code))
    raise errors.TooManyRequests


def typed(call: Call, pool_id: str, text: str) -> Waiting | None:
    """The device that shows the code which somebody typed; None where none waits. Raises TooManyRequests."""
    _take(call, pool_id, "user codes", _GUESSES)
    code = user_codes.typed(text)
    if code is None:
        return None
    with call.db.read() as tx:
        digests = call.keys.macs(_USER_CODE, pool_id, code)
        found = (device_grants.find_by_user_code(tx, pool_id, digest) for digest in digests)
        row = next((row for row in found if row is not None), None)
    return None if row is None else _waiting(call, row, code)


def named(call: Call, pool_id: str, ticket: str) -> Waiting | None:
    """The device that a ticket of ours names; None where it does not wait any more."""
    opened = _opened(call, _TICKET, ticket, pool_id)
    if opened is None:
        return None
    said = _decode_ticket(opened)
    with call.db.read() as tx:
        row = device_grants.find(tx, pool_id, said.digest)
    return None if row is None else _waiting(call, row, said.user_code)


def ask(call: Call, waiting: Waiting, session: BrowserSession) -> Question | None:
    """The question to whoever is signed in there; None for nobody."""
    pool_id, client_id = session.pool_id, waiting.grant.client_id
    with call.db.read() as tx:
        found = sign_ins.by_sub(tx, pool_id, client_id, session.sub)
    if found is None or found.user is None:
        return None
    sealed = call.keys.seal_text(_QUESTION, waiting.grant.digest, pool_id, session.sub, session.id)
    return Question(sealed, found.user.username, found.client.name)


def decide(call: Call, session: BrowserSession, answered: str, *, allowed: bool) -> bool:
    """Let the device in, or not, as the person answered who was asked. False: it does not wait any more, or the
    question was put to somebody else.
    """
    digest = _opened(call, _QUESTION, answered, session.pool_id, session.sub, session.id)
    if digest is None:
        return False
    with call.db.write() as tx:
        row = device_grants.find(tx, session.pool_id, digest)
        if row is None:
            return False
        if not allowed:
            return device_grants.refuse(tx, row, call.now)
        sign_in = msgspec.json.encode(_SignIn(session.proofs, session.id)).decode()
        permit = Permit(session.sub, session.epoch, session.auth_time, sign_in, session.id)
        return device_grants.allow_if_welcome(tx, row, permit, call.now)


def turn_away(call: Call, pool_id: str, ticket: str) -> None:
    """The device's app was not let in at all, so the device need not wait any longer."""
    waiting = named(call, pool_id, ticket)
    if waiting is not None:
        with call.db.write() as tx:
            device_grants.refuse(tx, waiting.grant, call.now)


def redeem(call: Call, client: ProvenClient, device_code: str) -> Tokens:
    """The tokens, once the person allowed it. Raises OAuthError (RFC 8628 §3.5) and the refusals of triggers."""
    _require_allowed(client)
    row = _find(call, client, device_code)
    if row.state == State.USED:
        _kill(call, row)
    if row.expires_at <= call.now:
        raise errors.OAuthError("expired_token")
    if row.state == State.REFUSED:
        raise errors.OAuthError("access_denied")
    if row.state == State.WAITING:
        _put_off(call, row)
    given = redemption.exchange(call, client, _allowed(client, row), lambda tx: device_grants.use(tx, row, call.now))
    if given is None:
        _kill(call, row)
    return given


def _allowed(client: ProvenClient, row: DeviceGrant) -> Allowed:
    if row.sub is None or row.epoch is None or row.auth_time is None or row.sign_in is None:
        raise errors.OAuthError("invalid_grant")
    request, sign_in = _decode_request(row.request), _decode_sign_in(row.sign_in)
    amr, acr = tokens.strength_of(client.pool, sign_in.proofs)
    return Allowed(
        sub=row.sub,
        epoch=row.epoch,
        auth_time=row.auth_time,
        session_id=row.session_id,
        info=GrantInfo("device", request.scope, amr, acr, sign_in.proofs, request.resource, client.jkt),
        sso_id=sign_in.sso_id,
    )


def _find(call: Call, client: ProvenClient, device_code: str) -> DeviceGrant:
    """The grant, if this client began it: to others it is none."""
    pool_id = client.pool.pool_id
    if len(device_code) > _LONGEST_CODE:
        raise errors.OAuthError("invalid_grant")
    with call.db.read() as tx:
        found = (device_grants.find(tx, pool_id, digest) for digest in call.keys.macs(_CODE, pool_id, device_code))
        row = next((row for row in found if row is not None), None)
    if row is None or row.client_id != client.client.client_id:
        raise errors.OAuthError("invalid_grant")
    return row


def _put_off(call: Call, row: DeviceGrant) -> NoReturn:
    """Nobody has answered yet; a device that asks too often shall wait longer from now on."""
    is_too_soon = call.now < row.polled_at + row.interval_seconds * 1000
    interval = row.interval_seconds + (_SLOWER_SECONDS if is_too_soon else 0)
    with call.db.write() as tx:
        device_grants.note_poll(tx, row, now=call.now, interval_seconds=interval)
    raise errors.OAuthError("slow_down" if is_too_soon else "authorization_pending")


def _kill(call: Call, row: DeviceGrant) -> NoReturn:
    if row.sub is not None:
        redemption.take_back(call, row.pool_id, row.client_id, row.sub, row.session_id)
    raise errors.OAuthError("invalid_grant")


def _row(call: Call, client: Client, request: DeviceRequest, device_code: str, user_code: str) -> DeviceGrant:
    return DeviceGrant(
        pool_id=client.pool_id,
        digest=call.keys.mac(_CODE, client.pool_id, device_code),
        user_code_digest=call.keys.mac(_USER_CODE, client.pool_id, user_code),
        client_id=client.client_id,
        request=msgspec.json.encode(request).decode(),
        state=State.WAITING,
        interval_seconds=INTERVAL_SECONDS,
        polled_at=0,
        session_id=call.entropy.uuid(),
        sub=None,
        epoch=None,
        auth_time=None,
        sign_in=None,
        created_at=call.now,
        expires_at=call.now + LIFE_SECONDS * 1000,
    )


def _waiting(call: Call, row: DeviceGrant, user_code: str) -> Waiting | None:
    if row.state != State.WAITING or row.expires_at <= call.now:
        return None
    ticket = call.keys.seal_text(_TICKET, msgspec.msgpack.encode(_Ticket(row.digest, user_code)), row.pool_id)
    return Waiting(row, _decode_request(row.request), user_code, ticket)


def _opened(call: Call, purpose: str, text: str, *binding: str) -> bytes | None:
    if len(text) > _LONGEST_TICKET:
        return None
    try:
        return call.keys.open_text(purpose, text, *binding)
    except Unsealable:
        return None


def _require_allowed(client: ProvenClient) -> None:
    """Clients that people come through, by the option; one that registered itself has no grant beyond what it
    registered for, unless an operator gave it this one by name.
    """
    is_on = options.is_on(client.pool, OPTION, client.client)
    is_given = client.client.kind != _SELF_REGISTERED or client.client.settings.options.get(OPTION) == "true"
    if not (is_on and is_given and client.terms.oauth.brings_people):
        raise errors.OAuthError("unauthorized_client")


def _take(call: Call, pool_id: str, kind: str, most: int) -> None:
    """Committed before anything is looked up, so that guesses side by side gain nothing. Raises TooManyRequests."""
    who = networks.subscriber(call.address)
    with call.db.write() as tx:
        budgets.take(call, tx, pool_id, who, kind, most=most, window_ms=_WINDOW_MS)
