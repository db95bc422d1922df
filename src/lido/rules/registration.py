"""Dynamic client registration (RFC 7591): what a client asks to be, judged by what its pool lets clients register.

Nobody has proven who registers, so such a client is a third party: it gets no flow in which it sees a password, and no
scope that the pool does not name. Members that mean nothing here are ignored (§2), those that do are kept or refused.
"""

from collections.abc import Collection, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from lido import errors
from lido.rules import client_settings, options, scopes
from lido.shapes import idp

NAME = "Registered client"
"""What a client is called that gives itself no name."""

_GRANTS: Mapping[str, idp.OAuthFlowType] = {"authorization_code": "code", "client_credentials": "client_credentials"}
_ACCEPTED = frozenset(
    {
        "refresh_token",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    }
)
"""Grant types that may be asked for, as clients copy them from the metadata: codes always give refresh tokens, and for
the others nobody registers. The answer tells what became of it (RFC 7591 §3.2.1).
"""
_SECRET_METHODS = ("client_secret_basic", "client_secret_post")
_KEY_METHOD = "private_key_jwt"
_LONGEST_NAME, _LONGEST_TEXT, _LONGEST_URL = 128, 256, 1_024
_MOST_URLS, _MOST_CONTACTS, _MOST_SCOPES = 20, 5, 50
_OF_LOGOUT = (
    "frontchannel_logout_uri",
    "frontchannel_logout_session_required",
    "backchannel_logout_uri",
    "backchannel_logout_session_required",
)
_ADDRESSES = ("client_uri", "logo_uri", "tos_uri", "policy_uri", "initiate_login_uri")
_ROTATION = idp.RefreshTokenRotationType(feature="ENABLED", retry_grace_period_seconds=10)


class Invalid(Exception):
    """The registration may not be; `error` is the code of RFC 7591 §3.2.2, `description` says what is wrong."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error)
        self.error = error
        self.description = description


class Metadata(Struct, frozen=True):
    """What a client may say of itself, by its names in RFC 7591 §2 and OpenID Connect Dynamic Registration §2."""

    redirect_uris: list[str] | None = None
    token_endpoint_auth_method: str | None = None
    grant_types: list[str] | None = None
    response_types: list[str] | None = None
    client_name: str | None = None
    client_uri: str | None = None
    logo_uri: str | None = None
    tos_uri: str | None = None
    policy_uri: str | None = None
    scope: str | None = None
    contacts: list[str] | None = None
    jwks_uri: str | None = None
    jwks: dict[str, Any] | None = None
    software_id: str | None = None
    software_version: str | None = None
    software_statement: str | None = None
    post_logout_redirect_uris: list[str] | None = None
    id_token_signed_response_alg: str | None = None
    subject_type: str | None = None
    sector_identifier_uri: str | None = None
    initiate_login_uri: str | None = None
    dpop_bound_access_tokens: bool | None = None
    require_pushed_authorization_requests: bool | None = None
    frontchannel_logout_uri: str | None = None
    frontchannel_logout_session_required: bool | None = None
    backchannel_logout_uri: str | None = None
    backchannel_logout_session_required: bool | None = None


class Offer(Struct, frozen=True):
    """What may be registered: flows of the pool's `DcrConfiguration`, scopes of OpenID Connect (`identity`), and those
    beside.
    """

    flows: frozenset[str]
    scopes: tuple[str, ...]
    identity: tuple[str, ...]


class Wanted(Struct, frozen=True):
    """A registration that may be: `request` is an operator's for the same, `method` how the client proves itself."""

    request: idp.CreateUserPoolClientRequest
    options: dict[str, str]
    registered: dict[str, str | list[str]]
    method: str
    grant_types: tuple[str, ...]

    @property
    def has_secret(self) -> bool:
        """Whether the client proves itself by a secret of ours."""
        return self.method in _SECRET_METHODS


_decode = msgspec.json.Decoder(Metadata).decode


def read(body: bytes) -> Metadata:
    """The metadata of a request. Raises Invalid."""
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        is_of_redirect = "$.redirect_uris" in str(wrong)
        raise Invalid("invalid_redirect_uri" if is_of_redirect else "invalid_client_metadata", str(wrong)) from None


def offer(
    config: idp.DcrConfigurationType | None, *, is_open: bool, known: Collection[str], beyond: Collection[str] = ()
) -> Offer | None:
    """What the pool lets strangers (`is_open`) or holders of a token register; None: nothing at all.

    `known` are the scopes that exist in the pool, `beyond` those of OpenID Connect that it knows beyond Cognito.
    """
    if config is None or config.enable_status == "Disabled" or (is_open and not config.open_dcr_enabled):
        return None
    given = config.open_dcr_grant_types if is_open else config.authenticated_grant_types
    default = ["code"] if is_open else ["code", "client_credentials"]
    exist = {*known, *scopes.STANDARD} - {scopes.REGISTER}
    allowed = tuple(scope for scope in config.allowed_scopes or () if scope in exist)
    flows = frozenset(default if given is None else given) - {"implicit"}
    return Offer(flows, allowed, (*scopes.OF_IDENTITY, *sorted(beyond)))


def wanted(pool_id: str, metadata: Metadata, offered: Offer) -> Wanted:
    """What is to be registered, complete with its defaults. Raises Invalid."""
    if metadata.software_statement is not None:
        raise Invalid("unapproved_software_statement", "Software statements of nobody are approved here.")
    grant_types = _grant_types(metadata, offered)
    flow = _GRANTS[grant_types[0]]
    method = _method(metadata, flow)
    redirect_uris = _redirect_uris(metadata, flow)
    _check_rest(metadata, flow)
    request = idp.CreateUserPoolClientRequest(
        user_pool_id=pool_id,
        client_name=_name(metadata.client_name),
        allowed_o_auth_flows_user_pool_client=True,
        allowed_o_auth_flows=[flow],
        allowed_o_auth_scopes=list(_scopes(metadata.scope, flow, offered)),
        callback_urls=redirect_uris or None,
        logout_urls=_urls(metadata.post_logout_redirect_uris or [], "invalid_client_metadata") or None,
        supported_identity_providers=[client_settings.COGNITO] if flow == "code" else None,
        prevent_user_existence_errors="ENABLED",
        refresh_token_rotation=_ROTATION if method == "none" else None,
    )
    return Wanted(request, _options(metadata, method), _registered(metadata), method, grant_types)


def _grant_types(metadata: Metadata, offered: Offer) -> tuple[str, ...]:
    """One grant, and the refresh tokens that codes give; who wants people and machines is registered for people."""
    asked = metadata.grant_types if metadata.grant_types is not None else ["authorization_code"]
    grants = list(dict.fromkeys(name for name in asked if name not in _ACCEPTED))
    if "authorization_code" in grants and "client_credentials" in grants:
        grants.remove("client_credentials")
    if len(grants) != 1 or _GRANTS.get(grants[0]) not in offered.flows:
        _refuse("grant_types: one of those that this pool allows is needed, and no other.")
    if grants[0] == "client_credentials" and "refresh_token" in asked:
        _refuse("grant_types: client_credentials gives no refresh tokens.")
    return ("authorization_code", "refresh_token") if grants[0] == "authorization_code" else tuple(grants)


def _method(metadata: Metadata, flow: str) -> str:
    method = metadata.token_endpoint_auth_method or "client_secret_basic"
    if method not in (*_SECRET_METHODS, "none", _KEY_METHOD):
        _refuse("token_endpoint_auth_method is not supported.")
    if method == "none" and flow == "client_credentials":
        _refuse("token_endpoint_auth_method: client_credentials is for clients that can prove themselves.")
    if method == _KEY_METHOD and (metadata.jwks is None) == (metadata.jwks_uri is None):
        _refuse("private_key_jwt needs either jwks or jwks_uri.")
    return method


def _redirect_uris(metadata: Metadata, flow: str) -> list[str]:
    given = metadata.redirect_uris or []
    if flow == "code" and not given:
        raise Invalid("invalid_redirect_uri", "redirect_uris is missing.")
    if flow != "code" and given:
        raise Invalid("invalid_redirect_uri", "redirect_uris are of no use to client_credentials.")
    return _urls(given, "invalid_redirect_uri")


def _urls(given: list[str], error: str) -> list[str]:
    """Addresses that a browser may be sent to, by the rules of CreateUserPoolClient."""
    if len(given) > _MOST_URLS:
        raise Invalid(error, f"There may be {_MOST_URLS} addresses.")
    for url in given:
        if not _is_text(url, _LONGEST_URL) or " " in url or "@" in url.partition("?")[0]:
            raise Invalid(error, "An address is not valid.")
        try:
            client_settings.check_url(url)
        except errors.InvalidParameter as wrong:
            raise Invalid(error, wrong.message) from None
    return list(dict.fromkeys(given))


def _scopes(text: str | None, flow: str, offered: Offer) -> tuple[str, ...]:
    """Those of OpenID Connect need not be offered; a machine has those of APIs alone."""
    of_apis = tuple(scope for scope in offered.scopes if scope not in scopes.STANDARD)
    possible = (*offered.identity, *offered.scopes) if flow == "code" else of_apis
    asked = tuple(dict.fromkeys(name for name in (text or "").split(" ") if name and name != "offline_access"))
    granted = asked or tuple(dict.fromkeys(possible))
    if not granted or len(granted) > _MOST_SCOPES or not set(granted) <= set(possible):
        _refuse("scope: not all of it may be registered here.")
    return granted


def _check_rest(metadata: Metadata, flow: str) -> None:
    response_types = [name for name in metadata.response_types or [] if name != "token"]
    if metadata.response_types is not None and response_types != (["code"] if flow == "code" else []):
        _refuse("response_types does not fit grant_types.")
    if metadata.id_token_signed_response_alg not in (None, "RS256"):
        _refuse("id_token_signed_response_alg must be RS256.")
    if metadata.subject_type not in (None, "public") or metadata.sector_identifier_uri is not None:
        _refuse("subject_type must be public, and such subjects have no sector_identifier_uri.")


def _name(given: str | None) -> str:
    """It is shown to people who consent, so it may hold nothing that turns or hides text."""
    if given is None or not given.strip():
        return NAME
    if not _is_text(given, _LONGEST_NAME):
        _refuse("client_name is not valid.")
    return given.strip()


def _options(metadata: Metadata, method: str) -> dict[str, str]:
    """Settings of clients that Cognito lacks. Keys prove only clients that chose that way."""
    proves_by_key = method == _KEY_METHOD
    keys = msgspec.json.encode(metadata.jwks).decode() if metadata.jwks is not None and proves_by_key else ""
    given = {
        # Who named no way is told the default, and may send the secret in the form too, as openid-client does.
        "token_endpoint_auth_method": method if metadata.token_endpoint_auth_method else "",
        "jwks": keys,
        "jwks_uri": (metadata.jwks_uri or "") if proves_by_key else "",
        "require_pkce": _flag(method == "none"),
        "require_par": _flag(metadata.require_pushed_authorization_requests),
        "dpop_bound_access_tokens": _flag(metadata.dpop_bound_access_tokens),
        "frontchannel_logout_uri": metadata.frontchannel_logout_uri or "",
        "frontchannel_logout_session_required": _flag(metadata.frontchannel_logout_session_required),
        "backchannel_logout_uri": metadata.backchannel_logout_uri or "",
        "backchannel_logout_session_required": _flag(metadata.backchannel_logout_session_required),
    }
    _check_addresses(metadata)
    kept = {name: value for name, value in given.items() if value}
    for name, value in kept.items():
        try:
            options.check(name, value, for_client=True)
        except ValueError:
            _refuse(f"{name} is not valid.")
    return kept


def _check_addresses(metadata: Metadata) -> None:
    """What is fetched, posted to or framed is https; what is framed belongs to where the app is led to anyway."""
    for name in ("jwks_uri", "frontchannel_logout_uri", "backchannel_logout_uri"):
        address = getattr(metadata, name)
        if address is not None and not (address.startswith("https://") and is_web_address(address)):
            _refuse(f"{name} must be an https address.")
    framed = metadata.frontchannel_logout_uri
    if framed is not None and _origin(framed) not in {_origin(uri) for uri in metadata.redirect_uris or ()}:
        _refuse("frontchannel_logout_uri must be of the origin of a redirect URI.")


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


def _registered(metadata: Metadata) -> dict[str, str | list[str]]:
    """What the client says of itself, for people to read: what is said, checked."""
    addresses = {name: getattr(metadata, name) for name in _ADDRESSES}
    if addresses["initiate_login_uri"] is not None and not addresses["initiate_login_uri"].startswith("https://"):
        _refuse("initiate_login_uri must be an https address.")
    for name, address in addresses.items():
        if address is not None and not is_web_address(address):
            _refuse(f"{name} must be an http or https address.")
    contacts = metadata.contacts or []
    software = {"software_id": metadata.software_id, "software_version": metadata.software_version}
    texts = [*contacts, *(text for text in software.values() if text is not None)]
    if len(contacts) > _MOST_CONTACTS or not all(_is_text(text, _LONGEST_TEXT) for text in texts):
        _refuse("contacts, software_id or software_version is not valid.")
    said = {**addresses, "contacts": contacts, **software}
    return {name: value for name, value in said.items() if value}


def is_web_address(text: str) -> bool:
    """Whether it may stand in a link or picture of a page: http or https, with a host and nobody's name in it."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_plain = _is_text(text, _LONGEST_URL) and text.isascii() and not set(text) & set("\"'<>\\ ")
    return is_plain and parts.scheme in ("http", "https") and bool(host) and "@" not in parts.netloc


def told(client_id: str, wish: Wanted, secret: str | None, issued_at_seconds: int) -> Mapping[str, object]:
    """The client information response (RFC 7591 §3.2.1): all that was registered, also what was not asked for."""
    request = wish.request
    is_code = wish.grant_types[0] == "authorization_code"
    answer = {
        "client_id": client_id,
        "client_secret": secret,
        "client_id_issued_at": issued_at_seconds,
        "client_secret_expires_at": 0 if secret else None,
        "client_name": request.client_name,
        "redirect_uris": request.callback_urls,
        "post_logout_redirect_uris": request.logout_urls,
        "grant_types": list(wish.grant_types),
        "response_types": ["code"] if is_code else [],
        "token_endpoint_auth_method": wish.method,
        "scope": " ".join(request.allowed_o_auth_scopes or ()),
        **wish.registered,
        "jwks_uri": wish.options.get("jwks_uri"),
        "jwks": msgspec.json.decode(wish.options["jwks"]) if "jwks" in wish.options else None,
        "id_token_signed_response_alg": "RS256" if is_code else None,
        "dpop_bound_access_tokens": True if wish.options.get("dpop_bound_access_tokens") else None,
        "require_pushed_authorization_requests": True if wish.options.get("require_par") else None,
        **{name: _said(wish.options[name]) for name in _OF_LOGOUT if name in wish.options},
    }
    return {name: value for name, value in answer.items() if value is not None}


def _is_text(text: str, longest: int) -> bool:
    return len(text) <= longest and text.isprintable()


def _said(value: str) -> object:
    return True if value == "true" else value


def _flag(value: object) -> str:
    return "true" if value else ""


def _refuse(description: str) -> NoReturn:
    raise Invalid("invalid_client_metadata", description)
