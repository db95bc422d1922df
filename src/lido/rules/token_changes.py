"""What PreTokenGeneration makes of the claims of tokens: three versions of the event, one kind of change."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from lido.rules import claims as token_claims
from lido.rules.claims import Claims, Group
from lido.rules.trigger_events import Event, Unrecognizable, with_metadata

Version = Literal["V1_0", "V2_0", "V3_0"]

_MOST_CHANGES = 5_000
_FIXED = frozenset(
    {"acr", "amr", "at_hash", "auth_time", "azp", "client_id", "cnf", "device_key", "event_id", "exp", "iat"}
    | {"identities", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use", "username", "version"}
)
# They have types of their own in ID tokens.
_SIMPLE = frozenset({"phone_number_verified", "email_verified", "updated_at", "address"})
_GROUPS = ("cognito:groups", "cognito:roles", "cognito:preferred_role")


class Groups(Struct, frozen=True):
    """The groups and roles that tokens tell in place of the user's."""

    names: tuple[str, ...]
    roles: tuple[str, ...]
    preferred_role: str | None


class Changes(Struct, frozen=True):
    """What is added to and left out of both tokens. `groups` is None where they stay as they are."""

    id_added: dict[str, Any] = {}
    id_suppressed: frozenset[str] = frozenset()
    access_added: dict[str, Any] = {}
    access_suppressed: frozenset[str] = frozenset()
    scopes_added: tuple[str, ...] = ()
    scopes_suppressed: frozenset[str] = frozenset()
    groups: Groups | None = None


NONE = Changes()


def event(
    source: str,
    username: str,
    client_id: str,
    attributes: Mapping[str, str],
    groups: Sequence[Group],
    scopes: Sequence[str],
    *,
    version: Version,
    client_metadata: Mapping[str, str],
) -> Event:
    """What the trigger is told; `scopes` from the second version on."""
    configuration = {
        "groupsToOverride": [name for name, _, _ in groups],
        "iamRolesToOverride": list(dict.fromkeys(role for _, role, _ in groups if role)),
        "preferredRole": token_claims.preferred_role(groups),
    }
    request: dict[str, Any] = {"userAttributes": dict(attributes), "groupConfiguration": configuration}
    if client_metadata:
        request["clientMetadata"] = dict(client_metadata)
    details = "claimsOverrideDetails" if version == "V1_0" else "claimsAndScopeOverrideDetails"
    if version != "V1_0":
        request["scopes"] = list(scopes)
    return Event(
        "PreTokenGeneration",
        f"TokenGeneration_{source}",
        username,
        client_id,
        request,
        {details: None},
        version=version[1],
    )


def event_of_machine(client_id: str, scopes: Sequence[str], *, client_metadata: Mapping[str, str]) -> Event:
    """What the third version is told of a client that gets a token for itself."""
    request: dict[str, Any] = {"userAttributes": {}, "groupConfiguration": None, "scopes": list(scopes)}
    return Event(
        "PreTokenGeneration",
        "TokenGeneration_ClientCredentials",
        "ClientCredentials",
        client_id,
        with_metadata(request, client_metadata),
        {"claimsAndScopeOverrideDetails": None},
        version="3",
    )


def read_for_machine(response: Mapping[str, Any]) -> Changes:
    """The changes that an answer asks for of a machine's token, which has no groups. Raises Unrecognizable."""
    changes = read(response, "V3_0")
    return Changes(
        access_added=changes.access_added,
        access_suppressed=changes.access_suppressed,
        scopes_added=changes.scopes_added,
        scopes_suppressed=changes.scopes_suppressed,
    )


def read(response: Mapping[str, Any], version: Version) -> Changes:
    """The changes that an answer asks for. Raises Unrecognizable."""
    if version == "V1_0":
        details = _object(response, "claimsOverrideDetails")
        added = _object(details, "claimsToAddOrOverride")
        if not all(isinstance(value, str) for value in added.values()):
            raise Unrecognizable
        changes = Changes(
            id_added=added, id_suppressed=frozenset(_strings(details, "claimsToSuppress")), groups=_groups(details)
        )
    else:
        details = _object(response, "claimsAndScopeOverrideDetails")
        for_id, for_access = _object(details, "idTokenGeneration"), _object(details, "accessTokenGeneration")
        changes = Changes(
            id_added=_object(for_id, "claimsToAddOrOverride"),
            id_suppressed=frozenset(_strings(for_id, "claimsToSuppress")),
            access_added=_object(for_access, "claimsToAddOrOverride"),
            access_suppressed=frozenset(_strings(for_access, "claimsToSuppress")),
            scopes_added=tuple(_strings(for_access, "scopesToAdd")),
            scopes_suppressed=frozenset(_strings(for_access, "scopesToSuppress")),
            groups=_groups(details),
        )
    _check(changes)
    return changes


def to_access(given: Claims, changes: Changes, client_id: str) -> Claims:
    """The claims of an access token after the changes. `aud` may be added, but only as the client's id."""
    told = _with_groups(given, changes.groups, roles=False)
    added = {name: value for name, value in changes.access_added.items() if not _is_fixed(name) and name != "scope"}
    if added.get("aud", client_id) != client_id:
        del added["aud"]
    told = _changed(told, added, changes.access_suppressed)
    scopes = [scope for scope in str(given.get("scope", "")).split(" ") if scope]
    kept = [scope for scope in (*scopes, *changes.scopes_added) if scope not in changes.scopes_suppressed]
    return told | {"scope": " ".join(dict.fromkeys(kept))} if scopes or kept else told


def to_id(given: Claims, changes: Changes) -> Claims:
    """The claims of an ID token after the changes."""
    told = _with_groups(given, changes.groups, roles=True)
    added = {
        name: value
        for name, value in changes.id_added.items()
        if not _is_fixed(name) and name != "aud" and not (name in _SIMPLE and isinstance(value, dict | list))
    }
    return _changed(told, added, changes.id_suppressed)


def _changed(given: Claims, added: Mapping[str, Any], suppressed: frozenset[str]) -> Claims:
    gone = {name for name in suppressed if not _is_fixed(name) or name in _GROUPS or name.startswith("dev:")}
    if "cognito:groups" in gone:
        gone.update(_GROUPS)
    return {name: value for name, value in (given | dict(added)).items() if name not in gone - {"aud"}}


def _with_groups(given: Claims, groups: Groups | None, *, roles: bool) -> Claims:
    if groups is None:
        return dict(given)
    told = {name: value for name, value in given.items() if name not in _GROUPS}
    if groups.names:
        told["cognito:groups"] = list(groups.names)
    if roles and groups.roles:
        told["cognito:roles"] = list(groups.roles)
    if roles and groups.preferred_role:
        told["cognito:preferred_role"] = groups.preferred_role
    return told


def _is_fixed(name: str) -> bool:
    return name in _FIXED or name.startswith(("cognito:", "dev:"))


def _groups(details: Mapping[str, Any]) -> Groups | None:
    """None where the member is missing; an empty one takes all groups away."""
    if "groupOverrideDetails" not in details:
        return None
    given = _object(details, "groupOverrideDetails")
    preferred = given.get("preferredRole")
    if preferred is not None and not isinstance(preferred, str):
        raise Unrecognizable
    names, roles = _strings(given, "groupsToOverride"), _strings(given, "iamRolesToOverride")
    return Groups(tuple(names), tuple(roles), preferred or None)


def _check(changes: Changes) -> None:
    members = (
        changes.id_added,
        changes.id_suppressed,
        changes.access_added,
        changes.access_suppressed,
        changes.scopes_added,
        changes.scopes_suppressed,
        changes.groups.names if changes.groups else (),
        changes.groups.roles if changes.groups else (),
    )
    if sum(len(member) for member in members) > _MOST_CHANGES:
        raise Unrecognizable
    if any(scope.split() != [scope] or not scope.isprintable() for scope in changes.scopes_added):
        raise Unrecognizable


def _object(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise Unrecognizable
    return found


def _strings(value: Mapping[str, Any], name: str) -> list[str]:
    found = value.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, str) for entry in found):
        raise Unrecognizable
    return found
