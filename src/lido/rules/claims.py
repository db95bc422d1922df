"""What stands in access and ID tokens, and how long they live. Times are whole seconds since 1970."""

from collections.abc import Container, Iterable, Mapping, Sequence

SIGN_IN_SCOPE = "aws.cognito.signin.user.admin"

Claims = dict[str, object]
# Name, role ARN, precedence.
Group = tuple[str, str | None, int | None]

_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_DEFAULT_VALIDITY = {"access": 3600, "id": 3600, "refresh": 30 * 86400, "session": 180}
_DEFAULT_UNIT = {"access": "hours", "id": "hours", "refresh": "days", "session": "minutes"}

_BOOLEANS = frozenset({"email_verified", "phone_number_verified"})
_LARGEST_NUMBER_DIGITS = 15
# The first two have a source of their own, the third no client may read.
_NOT_AN_ATTRIBUTE_CLAIM = ("sub", "identities", "dev:")


def access_claims(
    *,
    sub: str,
    iss: str,
    client_id: str,
    scope: str,
    auth_time: int,
    iat: int,
    exp: int,
    username: str | None = None,
    jti: str | None = None,
    origin_jti: str | None = None,
    event_id: str | None = None,
    groups: Sequence[Group] = (),
    device_key: str | None = None,
    version: int | None = None,
    acr: str | None = None,
    amr: Sequence[str] = (),
    resource: str | None = None,
    jkt: str | None = None,
) -> Claims:
    """The claims of an access token; what is None or empty is left out.

    `jti` and `origin_jti` are None where the client has token revocation switched
    off, `username` for machines, `version` is 2 for tokens of the OAuth endpoints. `resource` is the audience
    (RFC 8707), `jkt` the thumbprint of the key that the token is bound to (RFC 9449 §6).
    """
    return _present(
        {
            "sub": sub,
            "device_key": device_key,
            "cognito:groups": [name for name, _, _ in groups],
            "iss": iss,
            "version": version,
            "client_id": client_id,
            "aud": resource,
            "cnf": {"jkt": jkt} if jkt else None,
            "origin_jti": origin_jti,
            "event_id": event_id,
            "token_use": "access",
            "scope": scope,
            "auth_time": auth_time,
            "acr": acr,
            "amr": list(amr),
            "exp": exp,
            "iat": iat,
            "jti": jti,
            "username": username,
        }
    )


def id_claims(
    *,
    sub: str,
    iss: str,
    client_id: str,
    username: str,
    auth_time: int,
    iat: int,
    exp: int,
    attributes: Mapping[str, str],
    readable: Container[str] | None = None,
    jti: str | None = None,
    origin_jti: str | None = None,
    event_id: str | None = None,
    groups: Sequence[Group] = (),
    identities: Sequence[Mapping[str, object]] = (),
    nonce: str | None = None,
    at_hash: str | None = None,
    acr: str | None = None,
    amr: Sequence[str] = (),
) -> Claims:
    """The claims of an ID token: who the user is, and the attributes the client may read.

    `readable` is the client's ReadAttributes, None where it never set them. An
    attribute can not take the place of a claim of the protocol.
    """
    protocol = _present(
        {
            "sub": sub,
            "cognito:groups": [name for name, _, _ in groups],
            "cognito:preferred_role": preferred_role(groups),
            "cognito:roles": _roles(groups),
            "iss": iss,
            "cognito:username": username,
            "nonce": nonce,
            "at_hash": at_hash,
            "origin_jti": origin_jti,
            "aud": client_id,
            "identities": list(identities),
            "event_id": event_id,
            "token_use": "id",
            "auth_time": auth_time,
            "acr": acr,
            "amr": list(amr),
            "exp": exp,
            "iat": iat,
            "jti": jti,
        }
    )
    return attribute_claims(attributes, readable) | protocol


def attribute_claims(attributes: Mapping[str, str], readable: Container[str] | None = None) -> Claims:
    """Attributes as claims: `*_verified` are booleans, `address` an object, `updated_at` a number, others strings."""
    return {
        name: _claim(name, value)
        for name, value in attributes.items()
        if value and not name.startswith(_NOT_AN_ATTRIBUTE_CLAIM) and (readable is None or name in readable)
    }


def preferred_role(groups: Iterable[Group]) -> str | None:
    """The role of the group with the lowest precedence; None when the best disagree or there is none."""
    with_role = [(_rank(precedence), role) for _, role, precedence in groups if role]
    best = min((rank for rank, _ in with_role), default=None)
    roles = {role for rank, role in with_role if rank == best}
    return roles.pop() if len(roles) == 1 else None


def unit_seconds(value: int, unit: str) -> int:
    """`value` of Cognito's units seconds, minutes, hours or days; KeyError for another unit."""
    return value * _UNITS[unit]


def validity_seconds(token: str, value: int | None, unit: str | None) -> int:
    """The life of an "access", "id" or "refresh" token or a sign-in "session", as the client is set.

    Without a value (None or 0) Cognito's default, whatever the unit.
    """
    if not value:
        return _DEFAULT_VALIDITY[token]
    return unit_seconds(value, unit or _DEFAULT_UNIT[token])


def _present(claims: Mapping[str, object]) -> Claims:
    return {name: value for name, value in claims.items() if value is not None and value != []}


def _rank(precedence: int | None) -> float:
    return float("inf") if precedence is None else precedence


def _roles(groups: Iterable[Group]) -> list[str]:
    return list(dict.fromkeys(role for _, role, _ in groups if role))


def _claim(name: str, value: str) -> object:
    if name in _BOOLEANS:
        return value.lower() == "true"
    if name == "address":
        return {"formatted": value}
    if name == "updated_at" and value.isascii() and value.isdigit() and len(value) <= _LARGEST_NUMBER_DIGITS:
        return int(value)
    return value
