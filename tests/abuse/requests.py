"""Requests that the model allows, with ids that lead somewhere, for every operation."""

from typing import Any

from tests.operations.test_checking import texts
from tests.sign_ins import People
from tests.tokens import access_token
from tests.world import PASSWORD, World

from lido.shapes import Binary, List, Map, Number, Structure, Text
from lido.shapes.catalogue import TARGETS
from lido.shapes.constraints import CONSTRAINTS

PREFIXES = {service: prefix for prefix, service in TARGETS.items()}
NO_WAY: tuple[Any, ...] = (None,)


class Inhabited:
    """A pool with somebody in it, so that ids, names and tokens in a request may be living ones."""

    def __init__(self, house: World) -> None:
        self.house = house
        pool = {
            "AliasAttributes": ["email", "preferred_username"],
            "AutoVerifiedAttributes": ["email"],
            "UsernameConfiguration": {"CaseSensitive": False},
        }
        self.people = People(house, pool=pool)
        self.people.alice(email="alice@example.com", email_verified="true")
        house.idp.create_group(UserPoolId=self.people.pool_id, GroupName="people")

    def alive(self) -> dict[str, list[Any]]:
        people, house = self.people, self.house
        return {
            "UserPoolId": [people.pool_id],
            "ClientId": [people.client_id],
            "Username": ["alice", "alice@example.com", "nobody"],
            "GroupName": ["people"],
            "ResourceArn": [f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{people.pool_id}"],
            "AccessToken": [access_token(house, people.pool_id, people.client_id, "alice")],
            "AuthFlow": ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "REFRESH_TOKEN_AUTH"],
            "AuthParameters": [
                {"USERNAME": "alice", "PASSWORD": PASSWORD},
                {"USERNAME": "alice", "SRP_A": "7" * 700},
                {"USERNAME": "alice", "PREFERRED_CHALLENGE": "EMAIL_OTP", "DEVICE_KEY": "us-east-1_x"},
                {"REFRESH_TOKEN": "a.b.c.d.e"},
            ],
        }


def leaves(service: str, shape: str, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to each text of a request."""
    constraint = CONSTRAINTS[service][shape]
    match constraint:
        case Text():
            return [path]
        case List(element):
            return leaves(service, element, (*path, 0))
        case Map(key, value):
            return [*leaves(service, key, (*path, "key")), *leaves(service, value, (*path, "value"))]
        case Structure(members) if len(path) < 6:
            return [leaf for wire, part in members.items() for leaf in leaves(service, part, (*path, wire))]
        case _:
            return []


def smallest(service: str, shape: str, to: tuple[Any, ...], value: str | None, living: dict[str, list[Any]]) -> Any:
    """The least document that the model allows, with `value` where the way leads."""
    constraint = CONSTRAINTS[service][shape]
    step, rest = (to[0], to[1:]) if to else (None, ())
    match constraint:
        case Text():
            return texts(constraint)[0] if to or value is None else value
        case Number(_, low, _):
            return low or 0
        case Binary():
            return "YWI="
        case List(element):
            return [smallest(service, element, rest if step == 0 else NO_WAY, value, living)]
        case Map(key, item):
            at_key, at_value = (rest, NO_WAY) if step == "key" else (NO_WAY, rest)
            return {smallest(service, key, at_key, value, living): smallest(service, item, at_value, value, living)}
        case Structure(members, required):
            return {
                wire: smallest(service, part, rest if wire == step else NO_WAY, value, living)
                if wire == step or wire not in living
                else living[wire][0]
                for wire, part in members.items()
                if wire in required or wire == step
            }
        case _:
            return {} if getattr(constraint, "kind", "") == "document" else getattr(constraint, "kind", "") == "boolean"
