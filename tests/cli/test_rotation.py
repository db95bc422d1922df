"""The master key is rotated under a running server, and nobody notices."""

import threading

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.server import Server
from tests.world import FLOWS, PASSWORD

from lido.cli import master_key_watch
from lido.cli.installation import open_installation
from lido.rules.sealing import key_id
from lido.settings import load, parse_master_keys

READERS = 2


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_no_request_fails_while_the_master_key_is_rotated(engine, tmp_path):
    # Two people who never rest ask for more than what a node has of a rate before the nodes have shared it.
    unlimited = {"workers": 2, "request_rate_factor": 0}
    with fresh_url(engine, tmp_path) as url, Server(tmp_path / "data", url, **unlimited) as server:
        idp = client(server)
        pool = idp.create_user_pool(PoolName="people")["UserPool"]["Id"]
        app = idp.create_user_pool_client(UserPoolId=pool, ClientName="app", ExplicitAuthFlows=FLOWS)
        client_id = app["UserPoolClient"]["ClientId"]
        add(idp, pool, "before")
        early = signed_in(idp, client_id, "before")
        stop, failures, done = threading.Event(), [], []

        def use(number):
            mine = client(server)
            turn = 0
            while not stop.is_set():
                turn += 1
                try:
                    name = f"user-{number}-{turn}"
                    add(mine, pool, name)
                    tokens = signed_in(mine, client_id, name)
                    refreshed(mine, client_id, tokens)
                    refreshed(mine, client_id, early)
                    signed_in(mine, client_id, "before")
                    done.append(name)
                except (BotoCoreError, ClientError) as error:
                    failures.append(repr(error))

        users = [threading.Thread(target=use, args=(number,)) for number in range(READERS)]
        for user in users:
            user.start()
        try:
            server.lido("keys", "master", "rotate", "--wait-seconds", "3")
        finally:
            stop.set()
            for user in users:
                user.join()

        assert failures == []
        assert len(done) > READERS
        old, new = [key_id(key).hex() for key in parse_master_keys((tmp_path / "data" / "master.key").read_text())]
        assert f"{new}  seals" in server.lido("keys", "master", "list")
        server.lido("keys", "master", "forget", old)
        # Everything at rest opens without the old key, also what was written during the rotation.
        server.stop()
        server.start()
        for name in ("before", done[0], done[-1]):
            assert signed_in(client(server), client_id, name)["AccessToken"]


def test_a_rotation_stops_while_a_running_server_lacks_the_new_key(shell, tmp_path):
    apart = tmp_path / "apart"
    apart.mkdir()
    (apart / "master.key").write_text((shell.folder / "master.key").read_text())
    settings = load({"data_dir": str(apart), "database": shell.url}, environ={})
    with open_installation(settings) as other, master_key_watch.watching(other):
        refused = shell.refuses("keys", "master", "rotate", "--wait-seconds", "3")
        [old, new] = [key_id(key).hex() for key in parse_master_keys((shell.folder / "master.key").read_text())]
        assert f"A running server has no key {new}" in refused
        assert f"{old}  seals" in shell.prints("keys", "master", "list")
        with open_installation(settings):
            """Nothing was changed: the other node can start with the key that it has."""

        (apart / "master.key").write_text((shell.folder / "master.key").read_text())
        shell.prints("keys", "master", "rotate", "--wait-seconds", "3")
        assert f"{new}  seals" in shell.prints("keys", "master", "list")
        assert other.keys.key_id.hex() == new


def client(server):
    access_key_id, secret = server.credentials()
    return boto3.session.Session().client(
        "cognito-idp",
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


def add(idp, pool, name):
    idp.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)


def signed_in(idp, client_id, name):
    return idp.initiate_auth(
        ClientId=client_id, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD}
    )["AuthenticationResult"]


def refreshed(idp, client_id, tokens):
    return idp.initiate_auth(
        ClientId=client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )["AuthenticationResult"]
