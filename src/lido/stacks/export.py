"""A template of a living pool and of what it has, but for its people: what it takes to make one like it."""

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from lido import errors
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, joined_id, parts_of
from lido.stacks.kinds.attachments import ALL
from lido.stacks.kinds.table import KINDS

POOL = "Pool"
# They say again what other properties say.
_OF_OLD = ("SmsVerificationMessage", "EmailVerificationMessage", "EmailVerificationSubject")
_ALWAYS_THERE = "sub"
_BEFORE_CLIENTS = 2


class _Found(Struct, frozen=True):
    """A thing of the pool; `name` is what its logical id is made from."""

    kind: Kind
    physical_id: str
    name: str


def template(door: Door, pool_id: str) -> dict[str, Any]:
    """The template. Raises errors.ResourceNotFound for a pool that is not there."""
    pool_kind = KINDS["AWS::Cognito::UserPool"]
    properties = pool_kind.read(door, pool_id)
    if properties is None:
        raise errors.ResourceNotFound(f"User pool {pool_id} does not exist.")
    parameters: dict[str, Any] = {}
    described = door.ask("DescribeUserPool", UserPoolId=pool_id)["UserPool"]
    resources: dict[str, Any] = {POOL: _pool(pool_id, properties, described["SchemaAttributes"])}
    named = {pool_id: POOL}
    for found in _things(door, pool_id):
        told = found.kind.read(door, found.physical_id)
        if told is None:
            continue
        logical_id = _free(found, resources)
        if found.kind.type == "AWS::Cognito::UserPoolClient":
            named[parts_of(found.physical_id)[1]] = logical_id
        resources[logical_id] = _resource(found, logical_id, told, named, parameters, resources)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The user pool {properties['UserPoolName']}, as lido template export wrote it.",
        **({"Parameters": parameters} if parameters else {}),
        "Resources": resources,
        "Outputs": {"PoolId": {"Value": {"Ref": POOL}}},
    }


def _pool(pool_id: str, properties: Properties, attributes: list[dict[str, Any]]) -> dict[str, Any]:
    told = {name: value for name, value in properties.items() if name not in _OF_OLD and value not in ({}, [], None)}
    admin = {k: v for k, v in told.get("AdminCreateUserConfig", {}).items() if k != "UnusedAccountValidityDays"}
    schema = [{**each, "Name": each["Name"].rpartition(":")[2]} for each in attributes if _is_own(each)]
    told |= {"AdminCreateUserConfig": admin, "Schema": schema}
    if told.get("MfaConfiguration") == "OFF":
        told.pop("EnabledMfas", None)
    return {
        "Type": "AWS::Cognito::UserPool",
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
        "Metadata": {"Lido": {"PhysicalId": pool_id}},
        "Properties": {name: value for name, value in told.items() if value != []},
    }


def _is_own(entry: Properties) -> bool:
    """Whether an attribute is the pool's own, or a standard one that differs from how it comes."""
    if entry["Name"] == _ALWAYS_THERE:
        return False
    return ":" in entry["Name"] or bool(entry.get("Required")) or not entry.get("Mutable", True)


def _things(door: Door, pool_id: str) -> Iterator[_Found]:
    """Everything of the pool that a template can say, clients before what is theirs."""

    def each(type_: str, operation: str, member: str, name: str, **more: Any) -> Iterator[_Found]:
        kind = KINDS[f"AWS::Cognito::{type_}"]
        if kind.missing(door) is None and door.is_built(operation):
            for entry in door.every(operation, member, UserPoolId=pool_id, **more):
                yield _Found(kind, joined_id(pool_id, entry[name]), entry[name])

    yield from each("UserPoolResourceServer", "ListResourceServers", "ResourceServers", "Identifier", MaxResults=50)
    yield from each("UserPoolIdentityProvider", "ListIdentityProviders", "Providers", "ProviderName", MaxResults=60)
    pool = door.ask("DescribeUserPool", UserPoolId=pool_id)["UserPool"]
    for name in ("Domain", "CustomDomain"):
        if name in pool:
            yield _Found(KINDS["AWS::Cognito::UserPoolDomain"], joined_id(pool_id, pool[name]), name)
    clients = list(door.every("ListUserPoolClients", "UserPoolClients", UserPoolId=pool_id, MaxResults=60))
    for client in clients:
        yield _Found(
            KINDS["AWS::Cognito::UserPoolClient"], joined_id(pool_id, client["ClientId"]), client["ClientName"]
        )
    yield from each("UserPoolGroup", "ListGroups", "Groups", "GroupName")
    if door.ask("GetLogDeliveryConfiguration", UserPoolId=pool_id)["LogDeliveryConfiguration"].get("LogConfigurations"):
        yield _Found(KINDS["AWS::Cognito::LogDeliveryConfiguration"], joined_id(pool_id), "")
    owners = [(ALL, ""), *((client["ClientId"], client["ClientName"]) for client in clients)]
    for client_id, name in owners:
        yield from _of_client(door, pool_id, client_id, name)
    yield from each("Terms", "ListTerms", "Terms", "TermsId", MaxResults=60)


def _of_client(door: Door, pool_id: str, client_id: str, name: str) -> Iterator[_Found]:
    for type_ in ("UserPoolUICustomizationAttachment", "UserPoolRiskConfigurationAttachment"):
        kind, thing = KINDS[f"AWS::Cognito::{type_}"], joined_id(pool_id, client_id)
        if kind.missing(door) is None and _says_something(kind, door, thing):
            yield _Found(kind, thing, name)
    branding = KINDS["AWS::Cognito::ManagedLoginBranding"]
    if client_id != ALL and branding.missing(door) is None:
        found = branding.find(door, {"UserPoolId": pool_id, "ClientId": client_id})
        if found is not None:
            yield _Found(branding, found, name)


def _says_something(kind: Kind, door: Door, physical_id: str) -> bool:
    return bool(set(kind.read(door, physical_id) or {}) - {"UserPoolId", "ClientId"})


def _resource(
    found: _Found,
    logical_id: str,
    told: Properties,
    named: dict[str, str],
    parameters: dict[str, Any],
    resources: dict[str, Any],
) -> dict[str, Any]:
    properties = {name: value for name, value in told.items() if value not in ({}, [], None)}
    for path in found.kind.secrets:
        _hide(properties, path, logical_id, parameters)
    for name in ("UserPoolId", "ClientId"):
        if properties.get(name) in named:
            properties[name] = {"Ref": named[properties[name]]}
    # CloudFormation knows no order but what it is told.
    after = found.kind.rank > _BEFORE_CLIENTS
    before = [name for name, each in resources.items() if after and KINDS[each["Type"]].rank == _BEFORE_CLIENTS]
    return {
        "Type": found.kind.type,
        **({"DependsOn": before} if before else {}),
        "Metadata": {"Lido": {"PhysicalId": found.physical_id}},
        "Properties": properties,
    }


def _hide(properties: Properties, path: tuple[str, ...], logical_id: str, parameters: dict[str, Any]) -> None:
    """In place of a secret, a parameter."""
    outer, inner = path
    holder = properties.get(outer)
    if isinstance(holder, dict) and isinstance(holder.get(inner), str):
        name = logical_id + "".join(part.capitalize() for part in inner.split("_"))
        parameters[name] = {"Type": "String", "NoEcho": True}
        properties[outer] = {**holder, inner: {"Ref": name}}


def _free(found: _Found, taken: dict[str, Any]) -> str:
    """A logical id that says what it is, and is nobody else's yet."""
    noun = found.kind.type.rpartition("::")[2].removeprefix("UserPool").removesuffix("Attachment")
    words = re.findall(r"[A-Za-z0-9]+", found.name) if noun not in ("Domain", "Terms") else []
    name = (noun + "".join(word[:1].upper() + word[1:] for word in words))[:200]
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{number}"
    return free
