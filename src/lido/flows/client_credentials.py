"""The client credentials grant (RFC 6749 §4.4): a machine's own access token, with scopes of the pool's APIs.

Nothing is written but that the client is in use: the token ends by its time, and no session stands behind it.
"""

from collections.abc import Sequence

from lido import errors
from lido.call import Call
from lido.flows import access, client_authentication, triggers, unwanted_clients
from lido.flows.client_authentication import ProvenClient
from lido.flows.tokens import Tokens
from lido.rules import claims, jwt, scopes, token_changes
from lido.rules.token_changes import Changes
from lido.storage import resource_servers

FLOW = "client_credentials"
API_FLOW = "ALLOW_CLIENT_TOKEN_AUTH"

_VERSION = "V3_0"
"""The only version of PreTokenGeneration that hears of machines."""
_OAUTH_VERSION = 2


def issue(call: Call, client: ProvenClient, asked: Sequence[str], *, version: int | None = _OAUTH_VERSION) -> Tokens:
    """An access token for the client itself, which has proven its secret; all its custom scopes where none is asked.

    `version` is the claim of that name. Raises OAuthError `invalid_scope`, `invalid_grant`, `invalid_client` for one
    that was deleted meanwhile, and the refusals of triggers.
    """
    granted = _granted(call, client, asked)
    changes = token_changes.NONE
    if _is_asked(client):
        changes = _changes(call, client, granted)
        client = client_authentication.as_it_stands(call, client)
        granted = _granted(call, client, asked)
    _want(call, client)
    now, client_id = call.clock.now() // 1000, client.client.client_id
    told = claims.access_claims(
        sub=client_id,
        iss=access.issuer(call, client.pool),
        client_id=client_id,
        scope=" ".join(granted),
        auth_time=now,
        iat=now,
        exp=now + client.terms.access_seconds,
        jti=call.entropy.uuid(),
        version=version,
        jkt=client.jkt,
    )
    if changes is not token_changes.NONE:
        told = token_changes.to_access(told, changes, client_id)
    signed, scope = jwt.sign(told, client.ring.signing["access"]), str(told.get("scope", ""))
    return Tokens(signed, None, None, client.terms.access_seconds, scope=scope)


def by_api(call: Call, client_id: str, secret: str, asked: Sequence[str]) -> Tokens:
    """The same without the token endpoint (GetClientToken).

    Raises NotAuthorized, InvalidParameter, OAuthError as `issue`, and the refusals of triggers.
    """
    found = client_authentication.by_secret(call, client_id, secret)
    if found.is_public:
        raise errors.NotAuthorized("Invalid client or secret")
    if API_FLOW not in found.terms.flows:
        raise errors.InvalidParameter("CLIENT_TOKEN_AUTH flow not enabled for this client")
    return issue(call, found, asked, version=None)


def _want(call: Call, client: ProvenClient) -> None:
    if client.client.expires_at is not None:
        with call.db.write() as tx:
            unwanted_clients.want(tx, client.client)


def _granted(call: Call, client: ProvenClient, asked: Sequence[str]) -> tuple[str, ...]:
    with call.db.read() as tx:
        known = resource_servers.scopes_of(tx, client.pool)
    return scopes.of_machine(asked, client.terms.oauth.scopes, known)


def _is_asked(client: ProvenClient) -> bool:
    return triggers.is_named(client.pool, "PreTokenGeneration") and triggers.token_version(client.pool) == _VERSION


def _changes(call: Call, client: ProvenClient, granted: Sequence[str]) -> Changes:
    event = token_changes.event_of_machine(client.client.client_id, granted, client_metadata=call.client_metadata)
    return triggers.ask(call, client.pool, event, token_changes.read_for_machine)
