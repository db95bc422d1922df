"""Sentences about signing in, for the tests of every flow that ends in tokens."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from tests.world import PASSWORD, World


class People:
    """One pool with one app client and the user alice, and what they do."""

    def __init__(self, house: World, *, pool: dict[str, Any] | None = None, **app: Any) -> None:
        self.house = house
        self.pool_id = house.pool(**(pool or {}))
        self.app = house.app(self.pool_id, **app)
        self.client_id = self.app["ClientId"]

    def alice(self, **attributes: str) -> str:
        return self.house.user(self.pool_id, "alice", **attributes)

    def initiate(self, flow: str = "USER_PASSWORD_AUTH", **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.house.idp_unsigned.initiate_auth(
            AuthFlow=flow, ClientId=self.client_id, AuthParameters=parameters
        )
        return answer

    def admin_initiate(self, flow: str = "ADMIN_USER_PASSWORD_AUTH", **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.house.idp.admin_initiate_auth(
            AuthFlow=flow, UserPoolId=self.pool_id, ClientId=self.client_id, AuthParameters=parameters
        )
        return answer

    def respond(self, challenge: str, session: str | None = None, **responses: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.house.idp_unsigned.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=challenge,
            ChallengeResponses=responses,
            **({"Session": session} if session else {}),
        )
        return answer

    def sign_in(self, username: str = "alice", password: str = PASSWORD) -> dict[str, Any]:
        """The tokens of a password sign-in."""
        result: dict[str, Any] = self.initiate(USERNAME=username, PASSWORD=password)["AuthenticationResult"]
        return result

    def refresh(self, refresh_token: str, **parameters: str) -> dict[str, Any]:
        answer = self.initiate("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=refresh_token, **parameters)
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    def rotate(self, refresh_token: str, **arguments: str) -> dict[str, Any]:
        answer = self.house.idp_unsigned.get_tokens_from_refresh_token(
            RefreshToken=refresh_token, ClientId=self.client_id, **arguments
        )
        result: dict[str, Any] = answer["AuthenticationResult"]
        return result

    def srp(self, username: str = "alice", password: str = PASSWORD) -> AWSSRP:
        """Somebody else's client half of SRP."""
        return AWSSRP(
            username=username,
            password=password,
            pool_id=self.pool_id,
            client_id=self.client_id,
            client=self.house.idp_unsigned,
        )

    def sub(self, username: str = "alice") -> str:
        user = self.house.idp.admin_get_user(UserPoolId=self.pool_id, Username=username)
        return next(a["Value"] for a in user["UserAttributes"] if a["Name"] == "sub")

    def offered(self, username: str, **wishes: str) -> list[str]:
        """The first factors that somebody of that name may choose from."""
        found: list[str] = self.initiate("USER_AUTH", USERNAME=username, **wishes).get("AvailableChallenges", [])
        return found

    def strangers(self, *choices: str) -> Iterator[str]:
        """Names of one length that lead to nobody, and seem to have these first factors."""
        names = (f"none{number:04}" for number in range(1_000))
        return (name for name in names if set(choices) <= set(self.offered(name)))

    def events(self, username: str = "alice") -> list[str]:
        """Kinds of what was told about a user, oldest first."""
        with self.house.database.read() as tx:
            rows = tx.rows(
                "SELECT kind FROM events WHERE pool_id = :pool_id AND sub = :sub ORDER BY id",
                pool_id=self.pool_id,
                sub=self.sub(username),
            )
        return [row[0] for row in rows]

    def sessions(self) -> int:
        with self.house.database.read() as tx:
            row = tx.row("SELECT count(*) FROM sessions WHERE pool_id = :pool_id", pool_id=self.pool_id)
        return 0 if row is None else int(row[0])


def claims(token: str) -> dict[str, Any]:
    """What stands in a token, unverified."""
    decoded: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return decoded


class Refusal:
    """A refusal with its name and its sentence."""

    def __init__(self, error: ClientError) -> None:
        self.name = error.response["Error"]["Code"].removesuffix("Exception")
        self.sentence = error.response["Error"]["Message"]

    def __eq__(self, other: object) -> bool:
        return (self.name, self.sentence) == other

    __hash__ = None  # type: ignore[assignment] # compared only

    def __repr__(self) -> str:
        return f"({self.name!r}, {self.sentence!r})"


def refusal(deed: Any, *arguments: Any, **named: Any) -> Refusal:
    """How `deed` is refused."""
    with pytest.raises(ClientError) as caught:
        deed(*arguments, **named)
    return Refusal(caught.value)
