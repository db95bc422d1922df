"""What an app client allows, worked out once from its document: flows, lifetimes, rotation, readable attributes."""

from msgspec import Struct

from lido.records import Client
from lido.rules.claims import validity_seconds
from lido.shapes.idp import ExplicitAuthFlowsType, UserPoolClientType

DEFAULT_FLOWS = ("ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH")
"""What a client without ExplicitAuthFlows allows (CreateUserPoolClient)."""

# The names before ALLOW_: such clients can always refresh, and speak SRP unless they are for custom flows only.
_LEGACY = {
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "CUSTOM_AUTH_FLOW_ONLY": "ALLOW_CUSTOM_AUTH",
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
}


class OAuthTerms(Struct, frozen=True):
    """What the client may do at the OAuth endpoints; `flows` is empty where it is not enabled for them."""

    flows: frozenset[str]
    scopes: tuple[str, ...]
    callback_urls: tuple[str, ...]
    logout_urls: tuple[str, ...]
    default_redirect_uri: str | None

    @property
    def is_enabled(self) -> bool:
        """Whether the client is enabled for anything at all there (AllowedOAuthFlowsUserPoolClient)."""
        return bool(self.flows)

    @property
    def brings_people(self) -> bool:
        """Whether people come through the client, and not only the client itself."""
        return not self.flows.isdisjoint(("code", "implicit"))


class Terms(Struct, frozen=True):
    """`grace_seconds` is None without refresh token rotation, `readable` None where every attribute may be read."""

    flows: frozenset[str]
    access_seconds: int
    id_seconds: int
    refresh_seconds: int
    session_seconds: int
    revocable: bool
    grace_seconds: int | None
    readable: frozenset[str] | None
    oauth: OAuthTerms


def terms_of(client: Client) -> Terms:
    """The terms of this client's document."""
    shape = client.settings.shape
    units = shape.token_validity_units
    rotation = shape.refresh_token_rotation
    rotates = rotation is not None and rotation.feature == "ENABLED"
    return Terms(
        flows=_flows(shape.explicit_auth_flows, registered=client.kind == "DCR"),
        access_seconds=validity_seconds("access", shape.access_token_validity, units.access_token if units else None),
        id_seconds=validity_seconds("id", shape.id_token_validity, units.id_token if units else None),
        refresh_seconds=validity_seconds(
            "refresh", shape.refresh_token_validity, units.refresh_token if units else None
        ),
        session_seconds=validity_seconds("session", shape.auth_session_validity, None),
        revocable=shape.enable_token_revocation is not False,
        grace_seconds=(rotation.retry_grace_period_seconds or 0) if rotation is not None and rotates else None,
        readable=None if shape.read_attributes is None else frozenset(shape.read_attributes),
        oauth=_oauth(shape),
    )


def _oauth(shape: UserPoolClientType) -> OAuthTerms:
    callbacks = tuple(shape.callback_urls or ())
    return OAuthTerms(
        flows=frozenset(shape.allowed_o_auth_flows or ())
        if shape.allowed_o_auth_flows_user_pool_client
        else frozenset(),
        scopes=tuple(shape.allowed_o_auth_scopes or ()),
        callback_urls=callbacks,
        logout_urls=tuple(shape.logout_urls or ()),
        default_redirect_uri=shape.default_redirect_uri or (callbacks[0] if len(callbacks) == 1 else None),
    )


def _flows(explicit: list[ExplicitAuthFlowsType] | None, *, registered: bool) -> frozenset[str]:
    """A client that registered itself sees no password: it has the flows that an operator gave it, and no default."""
    if not explicit:
        return frozenset() if registered else frozenset(DEFAULT_FLOWS)
    named = frozenset(_LEGACY.get(name, name) for name in explicit)
    if _LEGACY.keys().isdisjoint(explicit):
        return named
    always = {"ALLOW_REFRESH_TOKEN_AUTH"}
    return named | always if "CUSTOM_AUTH_FLOW_ONLY" in explicit else named | always | {"ALLOW_USER_SRP_AUTH"}
