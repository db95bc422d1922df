"""Authorization codes: made for a browser's session, redeemed once by the client they were made for (RFC 6749 §4.1).

A failed try uses a code up; a second use ends what the first one gave (RFC 9700 §4.5).
"""

from typing import NoReturn

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import pushed_requests, redemption, tokens
from lido.flows.browser import BrowserSession
from lido.flows.client_authentication import ProvenClient
from lido.flows.grants import GrantInfo
from lido.flows.redemption import Allowed
from lido.flows.tokens import Tokens
from lido.records import Client
from lido.rules import pkce
from lido.rules.steps import Proof
from lido.storage import authorization_codes
from lido.storage.authorization_codes import AuthorizationCode

LIFE_SECONDS = 300
LONGEST_CODE = 64

_PURPOSE = "authorization code"
_INVALID = "invalid_grant"


class Permission(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a code stands for; `jkt` is the thumbprint of the key that must redeem it (RFC 9449 §10).

    `asks_strength`: its tokens tell how strong the sign-in was. A `redirect_uri` that the request did not name need
    not be repeated (RFC 6749 §4.1.3).
    """

    redirect_uri: str
    scope: str
    nonce: str | None = None
    code_challenge: str | None = None
    resource: str | None = None
    jkt: str | None = None
    proofs: tuple[Proof, ...] = ()
    sso_id: str = ""
    asks_strength: bool = False
    names_redirect_uri: bool = True


_decode = msgspec.json.Decoder(Permission).decode


def make(
    call: Call, permission: Permission, client: Client, session: BrowserSession, *, pushed: bytes | None = None
) -> str:
    """A code for whoever is signed in there; `pushed` is the digest of the request that it answers.

    Raises NotAuthorized when user, client or session are not alive, Used when the pushed request was answered before.
    """
    code = call.entropy.uuid()
    whole = msgspec.structs.replace(permission, proofs=session.proofs, sso_id=session.id)
    row = AuthorizationCode(
        pool_id=session.pool_id,
        digest=call.keys.mac(_PURPOSE, session.pool_id, code),
        sub=session.sub,
        session_id=call.entropy.uuid(),
        client_id=client.client_id,
        epoch=session.epoch,
        auth_time=session.auth_time,
        request=msgspec.json.encode(whole).decode(),
        created_at=call.now,
        expires_at=call.now + LIFE_SECONDS * 1000,
        used_at=None,
    )
    with call.db.write() as tx:
        if not authorization_codes.add_if_welcome(tx, row, sso_id=session.id):
            raise errors.NotAuthorized
        pushed_requests.use(tx, client, pushed, call.now)
    return code


def redeem(
    call: Call,
    client: ProvenClient,
    code: str,
    *,
    redirect_uri: str | None,
    verifier: str | None,
    jkt: str | None = None,
) -> Tokens:
    """The tokens that a code stands for; `jkt` is of the key that the request proved. Raises OAuthError.

    Also raises the refusals of triggers.
    """
    row = _find(call, client, code)
    permission = _decode(row.request)
    if row.used_at is not None:
        _kill(call, row)
    _check(call, row, permission, redirect_uri=redirect_uri, verifier=verifier, jkt=jkt)
    amr, acr = tokens.strength_of(client.pool, permission.proofs)
    info = GrantInfo(
        "code", permission.scope, amr, acr, permission.proofs, permission.resource, jkt, permission.asks_strength
    )
    allowed = Allowed(
        sub=row.sub,
        epoch=row.epoch,
        auth_time=row.auth_time,
        session_id=row.session_id,
        info=info,
        sso_id=permission.sso_id,
        nonce=permission.nonce,
    )
    given = redemption.exchange(call, client, allowed, lambda tx: authorization_codes.use(tx, row, call.now))
    if given is None:
        _kill(call, row)
    return given


def _find(call: Call, client: ProvenClient, code: str) -> AuthorizationCode:
    """The code, if it was made for this client: to others it is none."""
    pool_id = client.pool.pool_id
    if not code or len(code) > LONGEST_CODE:
        raise errors.OAuthError(_INVALID)
    with call.db.read() as tx:
        found = (authorization_codes.find(tx, pool_id, digest) for digest in call.keys.macs(_PURPOSE, pool_id, code))
        row = next((row for row in found if row is not None), None)
    if row is None or row.client_id != client.client.client_id:
        raise errors.OAuthError(_INVALID)
    return row


def _check(
    call: Call,
    row: AuthorizationCode,
    permission: Permission,
    *,
    redirect_uri: str | None,
    verifier: str | None,
    jkt: str | None,
) -> None:
    """Refuse what does not fit the request that the code answers; whoever tries that has used the code up."""
    if row.expires_at <= call.now:
        raise errors.OAuthError(_INVALID)
    is_bound = permission.jkt is None or permission.jkt == jkt
    is_default = redirect_uri is None and not permission.names_redirect_uri
    is_there = is_default or redirect_uri == permission.redirect_uri
    if not (is_there and is_bound and pkce.verifies(verifier, permission.code_challenge)):
        with call.db.write() as tx:
            authorization_codes.use(tx, row, call.now)
        raise errors.OAuthError(_INVALID)


def _kill(call: Call, row: AuthorizationCode) -> NoReturn:
    """A code came twice: one of the two who have it is a thief, so neither goes on. Raises OAuthError."""
    redemption.take_back(call, row.pool_id, row.client_id, row.sub, row.session_id)
    raise errors.OAuthError(_INVALID)
