"""A house whose triggers are functions of the tests, and a pool that names them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.fakes import Functions
from tests.sign_ins import People
from tests.world import World, sign_by

from lido.storage.database import Database

ARN = "arn:aws:lambda:us-east-1:000000000000:function:{}"
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
_VERSIONED = {"PreTokenGenerationConfig", "CustomSMSSender", "CustomEmailSender"}


class Triggered(People):
    """People of a pool with triggers; each function is called like its trigger."""

    def __init__(self, house: World, functions: Functions, *, pool: dict[str, Any], app: dict[str, Any]) -> None:
        super().__init__(house, pool=pool, **{"ExplicitAuthFlows": FLOWS, **app})
        self.functions = functions

    @property
    def told(self) -> list[dict[str, Any]]:
        """The events of triggers, oldest first."""
        return self.functions.events

    def sources(self) -> list[str]:
        return self.functions.sources()

    def sign_up(self, username: str = "alice", **arguments: Any) -> dict[str, Any]:
        given = {"Password": "Passw0rd!", "UserAttributes": [{"Name": "email", "Value": "alice@example.com"}]}
        answer: dict[str, Any] = self.house.idp_unsigned.sign_up(
            ClientId=self.client_id, Username=username, **{**given, **arguments}
        )
        return answer


@pytest.fixture
def functions() -> Functions:
    return Functions()


@pytest.fixture
def triggered(database: Database, functions: Functions) -> Iterator[Callable[..., Triggered]]:
    """Makes a pool that names the given functions: `triggered(PreSignUp=function)`."""
    world = World(database, carriers=functions)
    sign_by(world.clock)

    def make(
        *,
        pool: dict[str, Any] | None = None,
        app: dict[str, Any] | None = None,
        version: str = "V1_0",
        **given: Callable[[dict[str, Any]], object],
    ) -> Triggered:
        config: dict[str, Any] = {}
        for name, function in given.items():
            functions[name] = function
            arn = ARN.format(name)
            config[name] = {"LambdaArn": arn, "LambdaVersion": version} if name in _VERSIONED else arn
        settings = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": config, **(pool or {})}
        return Triggered(world, functions, pool=settings, app=app or {})

    yield make
    world.close()


def unchanged(event: dict[str, Any]) -> dict[str, Any]:
    """A function that has nothing to say."""
    return event


def answering(**response: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that always answers so."""
    return lambda event: {**event, "response": {**(event.get("response") or {}), **response}}


def raising(text: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function that raises."""

    def function(_event: dict[str, Any]) -> dict[str, Any]:
        raise ValueError(text)

    return function
