"""Every operation of user pools asked by every kind of caller: exactly the cells of the table are let in.

What is expected follows from how the service model lets callers prove themselves, and from the table `LET_IN`.
"""

import json
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import pytest
from tests.abuse.requests import smallest
from tests.abuse.test_authorisation import Sender, unsigned
from tests.abuse.test_tenants import Town, everything
from tests.tokens import access_token
from tests.world import World

from lido import operations
from lido.rules import policies
from lido.shapes import Structure
from lido.shapes.catalogue import OPERATIONS
from lido.shapes.constraints import CONSTRAINTS

Kind = Literal["signature", "token", "secret", "secret or signature", "nothing"]

SERVICE = "cognito-idp"
BUILT = sorted(name for service, name in operations.built() if service == SERVICE)
READ_KEY, POOL_KEY, SECRET = "AKIAREADSREADSREADS1", "AKIAPOOLSPOOLSPOOLS1", "a-secret-of-the-tests"
READS = ("Describe", "Get", "List", "AdminGet", "AdminList")

NOT_LET_IN = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "UnrecognizedClientException",
}
LET_IN: dict[str, set[Kind]] = {
    "nobody": {"nothing"},
    "a token of the pool": {"token", "nothing"},
    "a forged token": {"nothing"},
    "an expired token": {"nothing"},
    "a key that reads": {"nothing"},
    "a key of the pool": {"signature", "nothing"},
    "a key of another pool": {"nothing"},
    "a key nobody has": {"nothing"},
    "an expired signature": {"nothing"},
    "a signature for another region": {"nothing"},
    "a signature for another service": {"nothing"},
    "root": {"signature", "secret or signature", "nothing"},
}
"""Whom each caller is. A key that reads is let in to what reads, too; to apps' operations their secret alone leads."""


class Cell(NamedTuple):
    """An operation and a caller."""

    operation: str
    caller: str


def kind_of(name: str) -> Kind:
    """How callers of the operation prove themselves."""
    if (SERVICE, name) in operations.BY_SECRET_OR_SIGNATURE:
        return "secret or signature"
    if (SERVICE, name) in operations.BY_SECRET:
        return "secret"
    if not OPERATIONS[SERVICE, name].unsigned:
        return "signature"
    shape = CONSTRAINTS[SERVICE][OPERATIONS[SERVICE, name].request]
    return "token" if isinstance(shape, Structure) and "AccessToken" in shape.required else "nothing"


def is_let_in(cell: Cell) -> bool:
    kind = kind_of(cell.operation)
    if cell.caller == "a key of the pool" and kind == "signature" and not is_about_a_pool(cell.operation):
        return False
    reads = cell.caller == "a key that reads" and cell.operation.startswith(READS)
    return kind in LET_IN[cell.caller] or (reads and kind in ("signature", "secret or signature"))


def is_about_a_pool(name: str) -> bool:
    """Whether a policy can allow the operation on one pool alone."""
    shape = CONSTRAINTS[SERVICE][OPERATIONS[SERVICE, name].request]
    return isinstance(shape, Structure) and bool({"UserPoolId", "ResourceArn"} & shape.members.keys())


class Callers:
    """Requests of every caller to the pool of `town.ours`."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.house = town.house
        self.sender = Sender(town.house)
        self.house.access_key(READ_KEY, SECRET, policies.READ_ONLY_ACCESS, operator_id="reader")
        allowed = {"Effect": "Allow", "Action": "*", "Resource": self.arn(town.ours.pool_id)}
        self.house.access_key(POOL_KEY, SECRET, json.dumps({"Version": "2012-10-17", "Statement": allowed}))

    def arn(self, pool_id: str) -> str:
        return f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool_id}"

    def body(self, name: str, token: str, pool_id: str, **members: Any) -> bytes:
        """The least request, about nothing that exists but the pool: nobody's deed changes anything."""
        shape = OPERATIONS[SERVICE, name].request
        living = {
            "UserPoolId": [pool_id],
            "ResourceArn": [self.arn(pool_id)],
            "AccessToken": [token],
            "ClientId": [self.town.secretive["ClientId"]],
            "Username": ["somebody-else"],
            "GroupName": ["some-other-group"],
        }
        document = smallest(SERVICE, shape, (), None, living)
        optional = {"UserPoolId": pool_id, "DeviceRememberedStatus": "remembered"}
        known = getattr(CONSTRAINTS[SERVICE][shape], "members", {})
        document |= {member: value for member, value in optional.items() if member in known}
        return json.dumps({**document, **members}).encode()

    def lets_in(self, cell: Cell) -> bool:
        """Whether the caller of the cell comes to the operation itself."""
        token = self.token(cell)
        other = self.town.theirs.pool_id
        pool_id = other if cell.caller == "a key of another pool" else self.pool_id(cell)
        body = self.body(cell.operation, token, pool_id, AccessToken=token)
        headers = self.headers(cell, body)
        status, _, answer = self.house.http("POST", "http://lido.test/", headers, body)
        assert status in (200, 400), (cell, answer)
        told = json.loads(answer or b"{}")
        refused = told.get("__type", "") if status == 400 else ""
        if kind_of(cell.operation) == "token" and refused == "NotAuthorizedException":
            return told["message"] not in ("Invalid Access Token", "Access Token has expired")
        if kind_of(cell.operation).startswith("secret") and refused == "NotAuthorizedException":
            return told["message"] != "Invalid client or secret"
        return refused not in NOT_LET_IN

    def pool_id(self, cell: Cell) -> str:
        """A pool that may be lost, where the caller may delete it."""
        return self.house.pool() if cell == ("DeleteUserPool", "root") else self.town.ours.pool_id

    def token(self, cell: Cell) -> str:
        if cell.caller not in ("a token of the pool", "a forged token", "an expired token"):
            return "eyJ.eyJ.sig"
        pool_id, client_id = self.town.ours.pool_id, self.town.ours.client_id
        name = f"user-of-{cell.operation}-{len(cell.caller)}"
        self.house.user(pool_id, name)
        token = access_token(self.house, pool_id, client_id, name)
        if cell.caller == "an expired token":
            self.house.clock.advance(seconds=3601)
        head, payload, signature = token.split(".")
        return token if cell.caller != "a forged token" else f"{head}.{payload}.{signature[::-1]}"

    def headers(self, cell: Cell, body: bytes) -> dict[str, Any]:
        signed: dict[str, dict[str, Any]] = {
            "a key that reads": {"key": READ_KEY, "secret": SECRET},
            "a key of the pool": {"key": POOL_KEY, "secret": SECRET},
            "a key of another pool": {"key": POOL_KEY, "secret": SECRET},
            "a key nobody has": {"key": "AKIANOBODYNOBODY0001"},
            "an expired signature": {"ago": timedelta(minutes=6)},
            "a signature for another region": {"scope": (SERVICE, "eu-west-1")},
            "a signature for another service": {"scope": ("sts", "us-east-1")},
            "root": {},
        }
        if cell.caller not in signed:
            return unsigned(SERVICE, cell.operation)
        return self.sender.headers(SERVICE, cell.operation, body, **signed[cell.caller])


@pytest.fixture
def callers(house: World) -> Callers:
    return Callers(Town(house))


def test_exactly_those_are_let_in_whom_the_model_lets_prove_themselves(callers: Callers) -> None:
    cells = [Cell(name, caller) for name in BUILT for caller in LET_IN]

    wrong = [cell for cell in cells if callers.lets_in(cell) != is_let_in(cell)]
    assert wrong == []


def test_ids_of_another_tenant_in_any_member_reach_and_tell_nothing(callers: Callers) -> None:
    """Every member of a request, one by one, holds what belongs to another pool, whose own answer it must never get."""
    town, house, sender = callers.town, callers.house, callers.sender
    theirs = {
        "ClientId": [town.secretive["ClientId"], town.theirs.client_id],
        "Username": ["victim", town.victim, "victim@example.com"],
        "GroupName": ["theirs"],
        "Name": ["theirs"],
        "RegionName": ["eu-west-1"],
    }
    private = {town.victim, town.secretive["ClientSecret"]}
    before = everything(house.database, town.theirs.pool_id)
    told = []
    for name in BUILT:
        members = getattr(CONSTRAINTS[SERVICE][OPERATIONS[SERVICE, name].request], "members", {})
        if "UserPoolId" not in members or name == "DeleteUserPool":
            continue
        for member in theirs.keys() & members.keys():
            for value in theirs[member]:
                body = callers.body(name, "", town.ours.pool_id, **{member: value})
                headers = sender.headers(SERVICE, name, body, key=POOL_KEY, secret=SECRET)
                _, _, answer = house.http("POST", "http://lido.test/", headers, body)
                told += [(name, member, value, answer) for text in private - {value} if text.encode() in answer]
    assert told == []
    assert everything(house.database, town.theirs.pool_id) == before


def test_a_token_of_another_pool_changes_nothing_in_this_one(callers: Callers) -> None:
    town, house = callers.town, callers.house
    before = everything(house.database, town.ours.pool_id)
    for name in BUILT:
        if kind_of(name) != "token":
            continue
        house.user(town.theirs.pool_id, f"user-of-{name}")
        token = access_token(house, town.theirs.pool_id, town.theirs.client_id, f"user-of-{name}")
        disguise = {"UserPoolId": town.ours.pool_id, "ClientId": town.ours.client_id, "Username": "mallory"}
        body = callers.body(name, token, town.ours.pool_id, **disguise)
        status, _, answer = house.http("POST", "http://lido.test/", unsigned(SERVICE, name), body)
        assert status in (200, 400), (name, answer)
        assert b"mallory" not in answer, name
    assert everything(house.database, town.ours.pool_id) == before


def test_every_way_to_prove_oneself_is_in_the_table() -> None:
    ways = {kind_of(name) for service, name in OPERATIONS if service == SERVICE}

    assert ways - set().union(*LET_IN.values()) == {"secret"}, "nobody of the table has an app's secret"
