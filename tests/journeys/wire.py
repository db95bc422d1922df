"""JSON into the house without a socket, and what its answers say."""

import json
from typing import Any

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.journeys.things import Refused
from tests.world import ROOT_ID, ROOT_SECRET, World


class Wire:
    """JSON 1.1 into the house, signed with the root key where the operation wants it."""

    def __init__(self, house: World) -> None:
        self._house = house
        self._signer = SigV4Auth(Credentials(ROOT_ID, ROOT_SECRET), "cognito-idp", "us-east-1")

    def __call__(self, operation: str, *, signed: bool, **body: Any) -> dict[str, Any]:
        """The answer. Raises Refused."""
        content = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        }
        request = AWSRequest("POST", "http://lido.test/", data=content, headers=headers)
        if signed:
            self._signer.add_auth(request)
        status, answered, text = self._house.http("POST", request.url, dict(request.headers.items()), content)
        answer = json.loads(text) if text else {}
        if status != 200:
            raise Refused(answered["x-amzn-errortype"].removesuffix(":").removesuffix("Exception"), answer["message"])
        return dict(answer)


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def short(body: dict[str, Any]) -> str:
    """A request as a story tells it: without signatures and with long strings cut."""
    hidden = ("SECRET_HASH", "SRP_A", "SecretHash", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP")

    def cut(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: cut(part) for name, part in value.items() if name not in hidden}
        return f"{value[:20]}…{value[-6:]}" if isinstance(value, str) and len(value) > 40 else value

    return json.dumps(cut(body), ensure_ascii=False)
