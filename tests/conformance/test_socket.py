"""The first module once more, against a server in a process of its own, over a socket and by the real clock."""

from pathlib import Path

import boto3
import botocore.auth
import botocore.compat
import pytest
import urllib3
from tests.conformance.relying_party import RelyingParty
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.pages import Browser
from tests.server import Server

from lido.ports.clock import SystemClock

CALLBACK = "https://rp.example.com/callback"
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class Wire:
    """A server, as tests know a house: what a browser needs of it, over a socket."""

    def __init__(self):
        self._pool = urllib3.PoolManager(retries=False)

    def http(self, method, url, headers=None, body=b""):
        answer = self._pool.request(method, url, body=body, headers=headers, redirect=False)
        lines = {name.lower(): "\n".join(answer.headers.getlist(name)) for name in answer.headers}
        return answer.status, lines, answer.data


@pytest.mark.parametrize("engine", ENGINES)
def test_a_code_leads_to_verified_tokens_and_to_the_persons_claims(engine, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(botocore.auth, "get_current_datetime", botocore.compat.get_current_datetime)
    with fresh_url(engine, tmp_path) as database, Server(tmp_path / "data", database) as server:
        key, secret = server.credentials()
        idp = boto3.client(
            "cognito-idp",
            region_name="us-east-1",
            endpoint_url=server.url,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )
        tags = {"lido:standard_answers": "true"}
        pool_id = idp.create_user_pool(PoolName="people", UserPoolTags=tags)["UserPool"]["Id"]
        client = idp.create_user_pool_client(
            UserPoolId=pool_id,
            ClientName="app",
            GenerateSecret=True,
            ExplicitAuthFlows=FLOWS,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid", "email"],
            AllowedOAuthFlowsUserPoolClient=True,
            CallbackURLs=[CALLBACK],
            SupportedIdentityProviders=["COGNITO"],
        )["UserPoolClient"]
        idp.admin_create_user(UserPoolId=pool_id, Username="alice", MessageAction="SUPPRESS")
        idp.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password="Passw0rd!", Permanent=True)
        rp = RelyingParty(
            Browser(Wire(), pool_id, client["ClientId"], base=f"{server.url}/{pool_id}"),
            f"{server.url}/{pool_id}",
            lambda: SystemClock().now() / 1000,
            client_id=client["ClientId"],
            secret=client["ClientSecret"],
            redirect_uri=CALLBACK,
        )

        told, tokens = rp.sign_in()
        again, silent = rp.sign_in(prompt="none")

        assert (told.asked, again.asked) == (True, False)
        assert rp.user_info(tokens)["sub"] == silent.identity["sub"]
        assert rp.refresh(tokens.refresh)[0] == 200
