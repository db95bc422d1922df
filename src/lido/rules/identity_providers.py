"""What an identity provider's configuration must say, by its type, and what Cognito adds to it."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from lido import errors
from lido.rules import client_settings
from lido.rules.schema import Attribute

SOCIAL = frozenset({"Facebook", "Google", "LoginWithAmazon", "SignInWithApple"})
"""Types of which a pool has one provider, named as the type."""
SUBJECT = "Cognito_Subject"
"""What stands for the identity at the provider wherever an attribute is named."""
SECRETS = frozenset({"client_secret", "private_key"})
"""Members of ProviderDetails that are sealed at rest."""
ENDPOINTS = ("authorize_url", "token_url", "attributes_url", "jwks_uri")
"""What an OIDC provider's discovery document tells where the request does not."""

_NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")
_RESERVED = "COGNITO"
_LONGEST_CLAIM = 2048
_LONGEST_URL = 2048
_VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}")
_FACEBOOK_VERSION = "v17.0"

_REQUIRED = {
    "OIDC": ("client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method"),
    "SignInWithApple": ("client_id", "private_key", "team_id", "key_id"),
}
_REQUIRED_OF_OTHERS = ("client_id", "client_secret", "authorize_scopes")
_MISSING = {
    "OIDC": "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details.",
    "SignInWithApple": "clientId, privateKey, teamId, and keyId are all required idp details.",
}
_MISSING_OF_OTHERS = "clientId, clientSecret and authorizeScopes are all required idp details."
_OF_OAUTH = frozenset(
    {
        *("client_id", "client_secret", "authorize_scopes", "oidc_issuer", "attributes_request_method"),
        *("attributes_url_add_attributes", "token_request_method", *ENDPOINTS),
    }
)
_OWN = {"Facebook": {"api_version"}, "SignInWithApple": {"team_id", "key_id", "private_key"}}
_DERIVED_OF_SAML = frozenset({"ActiveEncryptionCertificate", "SSORedirectBindingURI", "SLORedirectBindingURI"})
_FLAGS_OF_SAML = ("IDPSignout", "IDPInit", "EncryptedResponses")
_OF_SAML = frozenset({"MetadataURL", "MetadataFile", "RequestSigningAlgorithm", *_FLAGS_OF_SAML, *_DERIVED_OF_SAML})
_USERNAME = {
    "Facebook": "id",
    "Google": "sub",
    "LoginWithAmazon": "user_id",
    "SignInWithApple": "sub",
    "OIDC": "sub",
}
_URLS = (*ENDPOINTS, "oidc_issuer")


class Details(NamedTuple):
    """ProviderDetails, taken apart: what may be read by anybody who reads the table, and what is sealed."""

    public: dict[str, str]
    secret: dict[str, str]

    def __repr__(self) -> str:
        return "Details(…)"


def check_name(name: str, kind: str) -> None:
    """Refuse a name that a provider of that type cannot have. Raises InvalidParameter."""
    if not _NAME.fullmatch(name):
        raise errors.InvalidParameter("Provider name contains characters that are not allowed.")
    if name.upper() == _RESERVED:
        raise errors.InvalidParameter(f"Provider name cannot be the reserved word: {name}")
    if (kind in SOCIAL or name in SOCIAL) and name != kind:
        raise errors.InvalidParameter(f"Provider {name} cannot be of type {kind}.")


def details(kind: str, given: Mapping[str, str]) -> Details:
    """ProviderDetails as they are kept: checked, completed by what the type implies, secrets apart.

    What SAML metadata say is not among them yet, nor are the endpoints of a discovery document, which are never shown.
    Raises InvalidParameter.
    """
    given = {name: value for name, value in given.items() if value}
    _refuse_unknown(kind, given)
    complete = _of_saml(given) if kind == "SAML" else _of_oauth(kind, given)
    return Details(
        {name: complete[name] for name in sorted(complete) if name not in SECRETS},
        {name: complete[name] for name in sorted(complete) if name in SECRETS},
    )


def mapping(kind: str, given: Mapping[str, str] | None, schema: Mapping[str, Attribute]) -> dict[str, str] | None:
    """AttributeMapping as it is kept: with the username's source where the type has one. Raises InvalidParameter."""
    for name, source in (given or {}).items():
        if name != "username" and (name not in schema or name in ("sub", "identities")):
            raise errors.InvalidParameter(f"Invalid attribute mapping: {name} does not exist in the schema.")
        if not 0 < len(source) <= _LONGEST_CLAIM or not _NAME.fullmatch(source):
            raise errors.InvalidParameter(f"Invalid attribute mapping: the source of {name} is not valid.")
    needed = [name for name, attribute in schema.items() if attribute.get("Required") and name != "sub"]
    missing = [name for name in needed if name not in (given or {})]
    if missing:
        raise errors.InvalidParameter(f"The attribute mapping is missing required attributes [{', '.join(missing)}]")
    if kind in _USERNAME:
        return {"username": _USERNAME[kind], **(given or {})}
    return None if given is None else dict(given)


def identifiers(given: list[str] | None) -> list[str] | None:
    """IdpIdentifiers, each once. Raises InvalidParameter."""
    if given is not None and len(set(given)) < len(given):
        raise errors.InvalidParameter("Identity provider identifiers must be unique.")
    return given


def levels(kind: str, given: dict[str, str] | None) -> dict[str, str] | None:
    """AcrMapping, which is of OIDC providers alone. Raises InvalidParameter."""
    if given and kind != "OIDC":
        raise errors.InvalidParameter("AcrMapping is only supported for OIDC identity providers.")
    return given


def needs_discovery(public: Mapping[str, str]) -> bool:
    """Whether some endpoint of an OIDC provider is its discovery document's to tell."""
    return any(name not in public for name in ENDPOINTS)


def check_discovery(issuer: str, document: object) -> bool:
    """Whether a discovery document is that issuer's and tells all that a sign-in needs (OpenID Connect Discovery 4.3).

    Cognito shows none of it.
    """
    if not isinstance(document, dict) or document.get("issuer") not in (issuer, f"{issuer}/"):
        return False
    told = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    return all(isinstance(url, str) and url.startswith("https://") for url in told)


def may_link_by(kind: str, attribute: str, mapped: Mapping[str, str] | None) -> bool:
    """Whether a person's identity at the provider may be named by that attribute."""
    return attribute == SUBJECT or (kind not in SOCIAL and attribute in (mapped or {}) and attribute != "username")


def _refuse_unknown(kind: str, given: Mapping[str, str]) -> None:
    known = _OF_SAML if kind == "SAML" else _OF_OAUTH | _OWN.get(kind, set())
    for name in given:
        if name not in known:
            raise errors.InvalidParameter(f"ProviderDetails {name[:128]} is not supported for {kind}.")


def _of_oauth(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    if not all(given.get(name) for name in _REQUIRED.get(kind, _REQUIRED_OF_OTHERS)):
        raise errors.InvalidParameter(_MISSING.get(kind, _MISSING_OF_OTHERS))
    for name in _URLS:
        if name in given:
            check_endpoint(given[name])
    for name in ("attributes_request_method", "token_request_method"):
        if given.get(name) not in (None, "GET", "POST"):
            raise errors.InvalidParameter(f"{name} must be GET or POST.")
    _check_flag(given, "attributes_url_add_attributes")
    # What a request says again of the type's own addresses stands: tools send back what they were shown.
    return {**_derived(kind, given), **given}


def check_endpoint(url: str) -> None:
    """Refuse what is no address of an OIDC provider. Raises InvalidParameter."""
    if not url.startswith("https://"):
        raise errors.InvalidParameter("OIDC endpoint must start with https://")
    # What urlsplit forgives, others read otherwise.
    if len(url) > _LONGEST_URL or not (url.isascii() and url.isprintable()) or set(url) & {" ", "\\"}:
        raise errors.InvalidParameter(f"{url[:_LONGEST_URL]} is not a valid URL")
    client_settings.check_url(url)


def _derived(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    match kind:
        case "Google":
            return {
                "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
                "attributes_url_add_attributes": "true",
                "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
                "oidc_issuer": "https://accounts.google.com",
                "token_request_method": "POST",
                "token_url": "https://www.googleapis.com/oauth2/v4/token",
            }
        case "Facebook":
            return _of_facebook(given.get("api_version", _FACEBOOK_VERSION))
        case "LoginWithAmazon":
            return {
                "attributes_url": "https://api.amazon.com/user/profile",
                "attributes_url_add_attributes": "false",
                "authorize_url": "https://www.amazon.com/ap/oa",
                "token_request_method": "POST",
                "token_url": "https://api.amazon.com/auth/o2/token",
            }
        case "SignInWithApple":
            return {
                "attributes_url_add_attributes": "false",
                "authorize_url": "https://appleid.apple.com/auth/authorize",
                "oidc_issuer": "https://appleid.apple.com",
                "token_request_method": "POST",
                "token_url": "https://appleid.apple.com/auth/token",
            }
        case _:
            return {"attributes_url_add_attributes": "false"}


def _of_facebook(version: str) -> dict[str, str]:
    if not _VERSION.fullmatch(version):
        raise errors.InvalidParameter("api_version must be of the form v17.0.")
    return {
        "api_version": version,
        "attributes_url": f"https://graph.facebook.com/{version}/me?fields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": f"https://www.facebook.com/{version}/dialog/oauth",
        "token_request_method": "GET",
        "token_url": f"https://graph.facebook.com/{version}/oauth/access_token",
    }


def _of_saml(given: Mapping[str, str]) -> dict[str, str]:
    sources = [name for name in ("MetadataURL", "MetadataFile") if name in given]
    if not sources:
        raise errors.InvalidParameter("At least one of the MetadataURL or MetadataFile should be provided.")
    if len(sources) > 1:
        raise errors.InvalidParameter("Only one of the MetadataURL or MetadataFile should be provided.")
    if len(given.get("MetadataURL", "")) > _LONGEST_URL:
        raise errors.InvalidParameter("MetadataURL is too long.")
    for name in _FLAGS_OF_SAML:
        _check_flag(given, name)
    if given.get("RequestSigningAlgorithm") not in (None, "rsa-sha256"):
        raise errors.InvalidParameter("RequestSigningAlgorithm must be rsa-sha256.")
    return {name: value for name, value in given.items() if name not in _DERIVED_OF_SAML}


def _check_flag(given: Mapping[str, str], name: str) -> None:
    if given.get(name) not in (None, "true", "false"):
        raise errors.InvalidParameter(f"{name} must be true or false.")
