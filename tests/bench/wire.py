"""The bytes of requests, made before the load begins: AWS JSON, signed where the operation wants it."""

import json
from typing import Any, NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_REGION = "us-east-1"


def request(port: int, operation: str, members: dict[str, Any], key: tuple[str, str] | None = None) -> bytes:
    """A request for that operation; `key` is the id and secret that sign it (valid for five minutes)."""
    body = json.dumps(members).encode()
    host = f"localhost:{port}"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        "User-Agent": "lido-bench",
    }
    if key is not None:
        signed = AWSRequest("POST", f"http://{host}/", data=body, headers=headers)
        SigV4Auth(Credentials(*key), "cognito-idp", _REGION).add_auth(signed)
        headers = dict(signed.headers.items())
    lines = {"Host": host, **headers, "Content-Length": str(len(body))}
    return ("POST / HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items()) + "\r\n").encode() + body


class Client(NamedTuple):
    """An app client, and where its server is."""

    port: int
    client_id: str

    def initiate(self, flow: str, **parameters: str) -> bytes:
        """InitiateAuth by that flow."""
        return self._ask("InitiateAuth", AuthFlow=flow, AuthParameters=parameters)

    def respond(self, challenge: str, session: str | None = None, **responses: str) -> bytes:
        """RespondToAuthChallenge; what travels in a secret block needs no session."""
        carried = {} if session is None else {"Session": session}
        return self._ask("RespondToAuthChallenge", ChallengeName=challenge, ChallengeResponses=responses, **carried)

    def _ask(self, operation: str, **members: Any) -> bytes:
        return request(self.port, operation, {"ClientId": self.client_id, **members})


def get(port: int, path: str) -> bytes:
    """A plain GET."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: lido-bench\r\n\r\n".encode()
