"""The counter: every Cognito operation, one function each.

An operation is a function `(call, request) -> response`, decorated with
`@operation`; its request's type names it. `perform` finds it, asks whether the
caller may, checks the constraints of the service model, and runs it.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import audit
from lido.operations import checking, deeds, whence
from lido.rules import identifiers, policies, rate_limits
from lido.shapes import Operation, Structure, catalogue
from lido.shapes.constraints import CONSTRAINTS
from lido.storage import clients

Request = TypeVar("Request")
Response = TypeVar("Response")

BY_SECRET = frozenset({("cognito-idp", "GetClientToken")})
"""Operations of apps that prove themselves by their secret; a signature counts for nothing, whatever the model says."""
BY_SECRET_OR_SIGNATURE = frozenset({("cognito-idp", "GetDerivedToken")})
"""Operations of apps that prove themselves, or of operators who sign."""

_ANSWERS = frozenset({"AdminRespondToAuthChallenge", "RespondToAuthChallenge"})
COMPATIBILITY_PAGE = "docs/compatibility.md"

_SERVICES = {"lido.operations.idp": "cognito-idp", "lido.operations.identity": "cognito-identity"}
_NAMES = {(found.service, found.request): found.name for found in catalogue.OPERATIONS.values()}
_built: dict[tuple[str, str], Callable[[Call, Any], Any]] = {}


def operation(function: Callable[[Call, Request], Response]) -> Callable[[Call, Request], Response]:
    """Register an operation under the wire name that its request's type carries."""
    request = get_type_hints(function)["request"]
    service = _SERVICES[function.__module__.rpartition(".")[0]]
    _built[service, _NAMES[service, request.__name__]] = function
    return function


@cache
def built() -> dict[tuple[str, str], Callable[[Call, Any], Any]]:
    """Every operation that is built, by service and wire name."""
    for package in _SERVICES:
        path = importlib.import_module(package).__path__
        for module in pkgutil.iter_modules(path):
            importlib.import_module(f"{package}.{module.name}")
    return dict(_built)


def perform(service: str, name: str, call: Call, document: dict[str, Any]) -> bytes:
    """Run an operation by its wire name; the answer is JSON, empty where the model has no output.

    Raises UnknownOperation, NotImplemented, AccessDenied, InvalidParameter, Serialization, and whatever
    the operation's own list of faults allows.
    """
    described = catalogue.OPERATIONS.get((service, name))
    if described is None:
        raise errors.UnknownOperation
    function = built().get((service, name))
    if function is None:
        raise errors.NotImplemented(f"{name} is not built yet; {COMPATIBILITY_PAGE} lists what is.")
    if described.unsigned or (service, name) in (BY_SECRET if call.caller else BY_SECRET | BY_SECRET_OR_SIGNATURE):
        answer = _ask(function, service, described, _counted(call, service, described, document), document)
    else:
        answer = _perform_for_operator(service, described, function, call, document)
    return b"" if described.response is None else msgspec.json.encode(answer)


def _perform_for_operator(
    service: str,
    described: Operation,
    function: Callable[[Call, Any], Any],
    call: Call,
    document: dict[str, Any],
) -> Any:
    """What changes something or tells a secret leaves an entry in the audit trail; so does whatever was denied."""
    resource = resource_of(call, service, described.name, document)
    try:
        authorise(call, service, described.name, resource)
    except errors.AccessDenied as denial:
        audit.refused(call, deeds.deed(call, described.name, resource, document), denial)
        raise
    if service == "cognito-idp":
        named = resource.rpartition("/")[2]
        scope = named if identifiers.is_pool_id(named) else call.region
        call.limits.spend(scope, _charges(described.name, document), call.now)
    if not deeds.leaves_an_entry(described.name):
        return _ask(function, service, described, call, document)
    with audit.attended(call, deeds.deed(call, described.name, resource, document)) as attended:
        return _ask(function, service, described, attended, document)


def _counted(call: Call, service: str, described: Operation, document: dict[str, Any]) -> Call:
    """Count what anybody may ask for the pool of the client that it names; else it is counted once that is proven."""
    if service != "cognito-idp":
        return call
    charges = _charges(described.name, document)
    pool_id = _pool_of(call, document.get("ClientId")) if _names_client(service, described.request) else None
    if pool_id is None:
        return msgspec.structs.replace(call, charges=charges)
    call.limits.spend(pool_id, charges, call.now)
    return call


@cache
def _names_client(service: str, shape_name: str) -> bool:
    """Whether the operation reads a client's id: one that it does not read would be a disguise."""
    shape = CONSTRAINTS[service][shape_name]
    return isinstance(shape, Structure) and "ClientId" in shape.members


def _charges(name: str, document: dict[str, Any]) -> tuple[str, ...]:
    """What the request counts in."""
    if name in _ANSWERS and document.get("ChallengeName") == "NEW_PASSWORD_REQUIRED":
        return rate_limits.NEW_PASSWORD
    return rate_limits.CHARGES[name]


def _ask(
    function: Callable[[Call, Any], Any], service: str, described: Operation, call: Call, document: dict[str, Any]
) -> Any:
    request = checking.request(service, described.request, document)
    call = whence.followed(call, request)
    said = getattr(request, "client_metadata", None)
    return function(msgspec.structs.replace(call, client_metadata=said) if said else call, request)


def authorise(call: Call, service: str, name: str, resource: str) -> None:
    """Refuse a caller without a signature, or whose policies do not allow the operation on that ARN."""
    caller = call.caller
    if caller is None:
        raise errors.MissingAuthenticationToken
    action = f"{service}:{name}"
    if not policies.allows(caller.policies, action, resource):
        raise errors.AccessDenied(policies.denial(caller.arn, action, resource))


def may(call: Call, service: str, name: str, pool_id: str) -> bool:
    """Whether the caller could ask for another operation about that pool as well."""
    resource = resource_of(call, service, name, {"UserPoolId": pool_id})
    return call.caller is not None and policies.allows(call.caller.policies, f"{service}:{name}", resource)


# What is longer names nothing, and is refused by the model once the caller may ask at all.
_LONGEST_ARN = 256
_LONGEST_POOL_ID = 128
_NAMED_BY_ARN = {"TagResource", "UntagResource", "ListTagsForResource"}


def resource_of(call: Call, service: str, name: str, document: dict[str, Any]) -> str:
    """The ARN that a request is about; `*` for requests about no pool.

    Only a member that the operation really reads may name it: a request could carry others as a disguise.
    """
    if name in _NAMED_BY_ARN:
        arn = document.get("ResourceArn")
        return arn if isinstance(arn, str) and len(arn) <= _LONGEST_ARN else "*"
    if (service, name) in BY_SECRET_OR_SIGNATURE:
        document = {"UserPoolId": _pool_of(call, document.get("ClientId"))}
    kind, member = ("userpool", "UserPoolId") if service == "cognito-idp" else ("identitypool", "IdentityPoolId")
    pool_id = document.get(member)
    if not isinstance(pool_id, str) or len(pool_id) > _LONGEST_POOL_ID:
        return "*"
    return f"arn:aws:{service}:{call.region}:{call.house.account_id}:{kind}/{pool_id}"


def _pool_of(call: Call, client_id: object) -> str | None:
    if not isinstance(client_id, str) or len(client_id) > _LONGEST_POOL_ID or "\0" in client_id:
        return None
    known = clients.known_pool_of(call.db.documents, client_id)
    if known is not None:
        return known
    with call.db.read() as tx:
        return clients.pool_of(tx, client_id)
