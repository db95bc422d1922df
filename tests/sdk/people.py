"""Pools of their own for tests that share a server, and the people in them."""

from typing import Any

import msgspec

FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]


class Tenant(msgspec.Struct, frozen=True):
    """A pool whose users sign themselves up by e-mail, and its client; `secret` is None for a public client."""

    pool_id: str
    client_id: str
    secret: str | None


def make_tenant(idp: Any, *, secret: bool = False) -> Tenant:
    """A new pool with a client that allows passwords and SRP."""
    pool = idp.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])["UserPool"]
    client = idp.create_user_pool_client(
        UserPoolId=pool["Id"], ClientName="app", ExplicitAuthFlows=FLOWS, GenerateSecret=secret
    )["UserPoolClient"]
    return Tenant(pool["Id"], client["ClientId"], client.get("ClientSecret"))


def invite(idp: Any, tenant: Tenant) -> dict[str, str]:
    """Make such a user, without sending the invitation."""
    idp.admin_create_user(
        UserPoolId=tenant.pool_id, Username="grace", TemporaryPassword="Temp0rary!", MessageAction="SUPPRESS"
    )
    return {"username": "grace", "password": "Temp0rary!"}


def alice(idp: Any, tenant: Tenant) -> dict[str, str]:
    """A confirmed user with a permanent password: tokens of a first sign-in."""
    name, password = "alice", "Passw0rd!"
    idp.admin_create_user(
        UserPoolId=tenant.pool_id,
        Username=name,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "alice@example.com"}],
    )
    idp.admin_set_user_password(UserPoolId=tenant.pool_id, Username=name, Password=password, Permanent=True)
    given = {"USERNAME": name, "PASSWORD": password}
    signed_in = idp.initiate_auth(ClientId=tenant.client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=given)
    return dict(signed_in["AuthenticationResult"])
