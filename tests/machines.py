"""Machines that speak to a house: an API with scopes, and clients that ask for tokens of their own."""

from typing import Any

from tests.oauth import App
from tests.world import World

API = "https://api.example.com"
READ, WRITE = f"{API}/read", f"{API}/write"


def add_api(house: World, pool_id: str, identifier: str = API, *names: str) -> None:
    """A resource server of the pool, with the scopes `read` and `write` unless others are named."""
    scopes = [{"ScopeName": name, "ScopeDescription": name} for name in names or ("read", "write")]
    house.idp.create_resource_server(UserPoolId=pool_id, Identifier=identifier, Name="API", Scopes=scopes)


def machine(house: World, pool_id: str, *scopes: str, **arguments: Any) -> App:
    """A client with a secret that may ask for tokens for itself."""
    given = {
        "GenerateSecret": True,
        "AllowedOAuthFlows": ["client_credentials"],
        "AllowedOAuthScopes": list(scopes),
        "CallbackURLs": [],
        "SupportedIdentityProviders": [],
        **arguments,
    }
    return App(house, pool_id, **given)


def token_of(app: App, **form: str) -> dict[str, Any]:
    """The answer to a request for the machine's own token."""
    status, told = app.token(grant_type="client_credentials", **form)
    assert status == 200, told
    answer: dict[str, Any] = told
    return answer
