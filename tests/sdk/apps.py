"""Apps that get their tokens by OAuth, each in a pool of its own: with alice, who signs in at the pages, or alone."""

from typing import Any

import msgspec
from tests.server import Server

CALLBACK = "https://app.example.com/callback"
SIGNED_OUT = "https://app.example.com/signed-out"
API = "https://api.example.com"
_CODE = {
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": [CALLBACK],
    "LogoutURLs": [SIGNED_OUT],
}
_ALICE = {"email": "alice@example.com", "email_verified": "true", "name": "Alice Liddell"}


class App(msgspec.Struct, frozen=True):
    """What an app is configured with; `secret` is "" for a public client."""

    issuer: str
    pool_id: str
    client_id: str
    secret: str

    def facts(self, **more: Any) -> dict[str, Any]:
        """The same for a program of this folder."""
        return {"issuer": self.issuer, "clientId": self.client_id, "clientSecret": self.secret, **more}


def make_app(idp: Any, server: Server, **arguments: Any) -> App:
    """An app with the code grant, public unless it is to have a secret; `arguments` are CreateUserPoolClient's."""
    pool_id = _make_pool(idp)
    idp.admin_create_user(
        UserPoolId=pool_id,
        Username="alice",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in _ALICE.items()],
    )
    idp.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password="Passw0rd!", Permanent=True)
    return _make_client(idp, server, pool_id, {**_CODE, **arguments})


def make_machine(idp: Any, server: Server) -> App:
    """A program that may read and write at an API of its pool."""
    pool_id = _make_pool(idp)
    scopes = ["read", "write"]
    idp.create_resource_server(
        UserPoolId=pool_id,
        Identifier=API,
        Name="API",
        Scopes=[{"ScopeName": scope, "ScopeDescription": scope} for scope in scopes],
    )
    allowed = {"AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": [f"{API}/{name}" for name in scopes]}
    return _make_client(idp, server, pool_id, {**allowed, "GenerateSecret": True})


def _make_pool(idp: Any) -> str:
    return str(idp.create_user_pool(PoolName="people")["UserPool"]["Id"])


def _make_client(idp: Any, server: Server, pool_id: str, arguments: dict[str, Any]) -> App:
    client = idp.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", AllowedOAuthFlowsUserPoolClient=True, **arguments
    )["UserPoolClient"]
    return App(f"{server.url}/{pool_id}", pool_id, client["ClientId"], client.get("ClientSecret", ""))
