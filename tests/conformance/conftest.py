"""The provider that the modules examine: a pool, somebody in it, and two apps.

Every test runs in a pool with `standard_answers` and in one without, where it must fail if Cognito differs.
"""

from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import pytest
from tests.conformance.relying_party import RelyingParty
from tests.pages import Browser
from tests.world import World

STANDARD = {"lido:standard_answers": "true"}
PERSON = {
    "address": "1 Main Street",
    "birthdate": "1990-01-31",
    "email": "alice@example.com",
    "email_verified": "true",
    "family_name": "Liddell",
    "gender": "female",
    "given_name": "Alice",
    "locale": "en-GB",
    "middle_name": "Pleasance",
    "name": "Alice Pleasance Liddell",
    "nickname": "Al",
    "phone_number": "+15550100",
    "phone_number_verified": "true",
    "picture": "https://example.com/alice.png",
    "preferred_username": "alice-l",
    "profile": "https://example.com/alice",
    "updated_at": "1700000000",
    "website": "https://alice.example.com",
    "zoneinfo": "Europe/London",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each module in both kinds of pools, unless its file has KINDS; where Cognito differs, its kind must fail."""
    if "kind" not in metafunc.fixturenames:
        return
    differs = getattr(metafunc.function, "module", None) and metafunc.function.module.differs
    marks = [pytest.mark.xfail(raises=AssertionError, reason=differs)] if differs else []
    kinds = [pytest.param(kind, marks=marks if kind == "compatible" else []) for kind in _kinds(metafunc.module)]
    metafunc.parametrize("kind", kinds)


def _kinds(file: ModuleType) -> Iterable[str]:
    return getattr(file, "KINDS", ("standard", "compatible"))


@pytest.fixture
def mode() -> str:
    """How answers of the authorization endpoint travel; files with further modes give their own."""
    return "query"


@pytest.fixture
def settings() -> dict[str, Any]:
    """Further arguments of CreateUserPool; files that need other pools give their own."""
    return {}


@pytest.fixture
def pool_id(house: World, kind: str, settings: dict[str, Any]) -> str:
    """A pool with somebody in it."""
    pool_id = house.pool(UserPoolTags=STANDARD if kind == "standard" else {}, **settings)
    house.user(pool_id, **PERSON)
    return pool_id


@pytest.fixture
def app(house: World, pool_id: str, kind: str, mode: str) -> Callable[..., RelyingParty]:
    """Makes an app; `arguments` are CreateUserPoolClient's."""

    def make(redirect_uri: str = "https://rp.example.com/callback", **arguments: Any) -> RelyingParty:
        scopes = ["openid", "email", "phone", "profile", *(["address"] if kind == "standard" else [])]
        given = {
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": scopes,
            "AllowedOAuthFlowsUserPoolClient": True,
            "CallbackURLs": [redirect_uri],
            "GenerateSecret": True,
            "SupportedIdentityProviders": ["COGNITO"],
            **arguments,
        }
        client = house.app(pool_id, **given)
        return RelyingParty(
            Browser(house, pool_id, client["ClientId"]),
            f"{house.lido.settings.public_url}/{pool_id}",
            lambda: house.clock.now() / 1000,
            client_id=client["ClientId"],
            secret=client["ClientSecret"],
            redirect_uri=redirect_uri,
            mode=mode,
        )

    return make


@pytest.fixture
def rp(app: Callable[..., RelyingParty]) -> RelyingParty:
    """The app that most modules look through."""
    return app()
