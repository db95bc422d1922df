"""App clients with a secret, and what they send along with each request of a person."""

import base64
import hmac
from collections.abc import Iterable
from typing import Any

from tests.world import FLOWS, World

ADDRESS = "192.0.2.44"


class Confidential:
    """An app client with a secret, in a pool of its own that verifies e-mail addresses."""

    def __init__(self, house: World, *, pool: dict[str, Any] | None = None, **app: Any) -> None:
        self.house = house
        self.pool_id = house.pool(**{"AutoVerifiedAttributes": ["email"], **(pool or {})})
        given = {"GenerateSecret": True, "ExplicitAuthFlows": [*FLOWS, "ALLOW_USER_AUTH"], **app}
        client = house.app(self.pool_id, **given)
        self.client_id, self.secret = str(client["ClientId"]), str(client["ClientSecret"])

    def hashed(self, username: str) -> str:
        """The SECRET_HASH for a user."""
        digest = hmac.digest(self.secret.encode(), f"{username}{self.client_id}".encode(), "sha256")
        return base64.b64encode(digest).decode()

    def examples(self, username: str, **more: Any) -> dict[str, Any]:
        """What stands in each request of that user."""
        named = {"UserPoolId": self.pool_id, "ClientId": self.client_id, "Username": username}
        return {**named, "SecretHash": self.hashed(username), "IpAddress": ADDRESS, **more}

    def sign_in(self, username: str, password: str) -> dict[str, Any]:
        """The tokens that a password gives."""
        given = {"USERNAME": username, "PASSWORD": password, "SECRET_HASH": self.hashed(username)}
        answer = self.house.idp_unsigned.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH", ClientId=self.client_id, AuthParameters=given
        )
        tokens: dict[str, Any] = answer["AuthenticationResult"]
        return tokens

    def shown(self, username: str) -> dict[str, Any]:
        """What an operator sees of a user, attributes by name."""
        user = self.house.idp.admin_get_user(UserPoolId=self.pool_id, Username=username)
        return {**user, "UserAttributes": by_name(user["UserAttributes"])}


def by_name(attributes: Iterable[dict[str, str]]) -> dict[str, str]:
    """A list of attributes as a mapping."""
    return {attribute["Name"]: attribute["Value"] for attribute in attributes}
