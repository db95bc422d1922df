"""`lido serve` as a process: what it makes, how it starts, how it stops."""

import http.client
import os
import re
import signal
import socket
import stat
import threading
from contextlib import closing
from pathlib import Path

import boto3
import pytest
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.server import Server

pytestmark = pytest.mark.slow


@pytest.fixture(params=ENGINES)
def url(request, tmp_path):
    with fresh_url(request.param, tmp_path, migrated=False) as url:
        yield url


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def idp(server: Server):
    key, secret = server.credentials()
    return boto3.session.Session().client(
        "cognito-idp",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def connection(server: Server) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)


def test_the_first_start_makes_everything_and_later_ones_go_on_with_it(tmp_path, url):
    server = Server(tmp_path / "data", url)
    with server:
        pool = idp(server).create_user_pool(PoolName="people")["UserPool"]["Id"]
        first = server.said()
    with server:
        assert [found["Id"] for found in idp(server).list_user_pools(MaxResults=5)["UserPools"]] == [pool]
        second = server.said().removeprefix(first)

    assert "migrated: 0001_initial" in first
    assert "migrated" not in second
    assert re.findall(r"root access key: .*", second) == [
        f"root access key: in {tmp_path}/data/credentials, profile lido"
    ]


def test_without_demo_there_is_no_pool_and_no_secret_is_told(tmp_path, url):
    with Server(tmp_path / "data", url) as server:
        assert idp(server).list_user_pools(MaxResults=5)["UserPools"] == []
        said = server.said()

    assert server.credentials()[1] not in said
    assert (tmp_path / "data" / "master.key").read_text().strip() not in said


def test_only_the_owner_reads_what_the_first_start_makes(tmp_path, run):
    folder = tmp_path / "data"
    with Server(folder, f"sqlite:///{folder}/lido.db"):
        pass

    assert {mode(folder / name) for name in ("credentials", "master.key", "lido.db")} == {0o600}


def test_the_folder_that_it_makes_is_closed_to_others(tmp_path, run):
    (tmp_path / "lido.toml").write_text(f'database = "sqlite:///{tmp_path}/nowhere/lido.db"\n')

    refused = run("serve", "--data-dir", "made", "--port", "0")

    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("Error: The database file cannot be opened: No such file")
    assert mode(tmp_path / "made") == 0o700


def test_the_root_key_of_the_settings_is_set_at_each_start(tmp_path, url):
    given = {"root_access_key_id": "AKIAGIVENGIVENGIVEN1", "root_secret_access_key": "a-secret-of-enough-length"}
    server = Server(tmp_path / "data", url, **given)
    for secret in ("a-secret-of-enough-length", "another-secret-of-length"):
        server._settings["LIDO_ROOT_SECRET_ACCESS_KEY"] = secret
        with server:
            (tmp_path / "data" / "credentials").write_text(
                f"[lido]\naws_access_key_id = AKIAGIVENGIVENGIVEN1\naws_secret_access_key = {secret}\n"
            )
            assert idp(server).list_user_pools(MaxResults=5)["UserPools"] == []
            assert secret not in server.said()


def test_a_second_node_on_one_database_needs_the_key_of_the_first(tmp_path):
    with fresh_url("postgresql", tmp_path, migrated=False) as url, Server(tmp_path / "one", url):
        with pytest.raises(
            AssertionError, match=r"(?s)exit code 1.*sealed with master key \w{8}, not in .*two/master.key"
        ):
            Server(tmp_path / "two", url).start()

        (tmp_path / "two" / "master.key").write_bytes((tmp_path / "one" / "master.key").read_bytes())
        with Server(tmp_path / "two", url):
            assert not (tmp_path / "two" / "credentials").exists()


def test_a_node_that_starts_with_another_public_address_says_so(tmp_path, url):
    here, there = "https://id.example", "https://login.example"
    server = Server(tmp_path / "data", url)
    warned = []
    for address in (here, here, there, there):
        server._settings["LIDO_PUBLIC_URL"] = address
        with server:
            warned.append(
                server.said().count(f"public_url is {there}, but the latest server to start on this database")
            )

    assert warned == [0, 0, 1, 1]
    assert f"had {here}: all" in server.said()


def test_a_request_in_flight_finishes_before_the_server_stops(tmp_path):
    body = b'{"ClientId": "1", "AuthFlow": "USER_PASSWORD_AUTH"}'
    with Server(tmp_path, f"sqlite:///{tmp_path}/lido.db") as server, closing(connection(server)) as waiting:
        waiting.putrequest("POST", "/")
        waiting.putheader("X-Amz-Target", "AWSCognitoIdentityProviderService.InitiateAuth")
        waiting.putheader("Content-Length", str(len(body)))
        waiting.endheaders(body[:10])
        with closing(connection(server)) as other:  # answered after ours began: the server has seen ours
            other.request("GET", "/healthz")
            assert other.getresponse().status == 200
        server._process.send_signal(signal.SIGTERM)
        waiting.send(body[10:])

        assert waiting.getresponse().read().startswith(b'{"__type":')


def test_a_port_that_is_taken_is_told_in_a_sentence(tmp_path, run):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", port)

    assert refused.returncode == 1
    assert refused.stderr == (
        f"Error: Cannot listen on 127.0.0.1 port {port}: address already in use. Choose another port with --port.\n"
    )
    assert not (tmp_path / "lido-data").exists()


def test_a_database_of_a_later_release_is_not_touched(tmp_path, run):
    with fresh_url("sqlite", tmp_path) as url:
        from lido.storage.database import connect

        database = connect(url)
        with database.write() as tx:
            tx.run("INSERT INTO migrations (name, applied_at) VALUES ('9999_future', 0)")
        database.close()
        refused = run("serve", "--port", "0", "--database", url)

    assert refused.returncode == 1
    assert "migrated by a later release of Lido (9999_future)" in refused.stderr


def test_a_head_without_end_is_cut_off(tmp_path):
    with Server(tmp_path, f"sqlite:///{tmp_path}/lido.db") as server:
        with closing(socket.create_connection(("127.0.0.1", server.port))) as endless:
            endless.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 70_000)

            assert endless.recv(1024).startswith(b"HTTP/1.1 400 ")
        with closing(connection(server)) as usual:
            usual.request("POST", "/", body=b"x" * 300_000, headers={"X-Amz-Target": "x"})
            assert b"UnknownOperationException" in usual.getresponse().read()


def test_metrics_are_told_on_a_port_of_their_own(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with Server(tmp_path, f"sqlite:///{tmp_path}/lido.db", metrics_port=port) as server:
        idp(server).list_user_pools(MaxResults=5)
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as operators:
            operators.request("GET", "/metrics")
            told = operators.getresponse().read().decode()

    assert 'lido_requests_total{operation="ListUserPools",outcome="success",service="cognito-idp"} 1.0' in told
    assert "process_resident_memory_bytes" in told


def test_a_metrics_port_that_is_taken_is_a_warning(tmp_path):
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        with Server(tmp_path, f"sqlite:///{tmp_path}/lido.db", metrics_port=taken.getsockname()[1]) as server:
            assert '"the operators\' port cannot be opened"' in server.said()


def test_a_misspelt_variable_is_told_at_the_start(tmp_path):
    with Server(tmp_path, f"sqlite:///{tmp_path}/lido.db", databases="x") as server:
        assert "lido: LIDO_DATABASES is not a setting; look for a misspelling\n" in server.said()


def test_each_request_is_a_line_in_the_log_without_what_it_said(tmp_path):
    with Server(tmp_path, f"sqlite:///{tmp_path}/lido.db") as server:
        client = idp(server)
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.initiate_auth(
                ClientId="nobody",
                AuthFlow="USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": "alice", "PASSWORD": "a-password-in-clear"},
            )
        said = server.said()

    line = next(line for line in said.splitlines() if '"InitiateAuth"' in line)
    assert '"outcome":"ResourceNotFoundException"' in line
    assert "a-password-in-clear" not in said


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class Until:
    """Waits for what other processes do, without a fixed time."""

    def __call__(self, true, seconds=20):
        pause = threading.Event()
        for _ in range(seconds * 50):
            found = true()
            if found:
                return found
            pause.wait(0.02)
        raise AssertionError("it never came")


until = Until()


@pytest.fixture
def workers(tmp_path, url):
    with Server(tmp_path / "data", url, "--workers", "2") as server:
        until(lambda: len(re.findall("worker . ready", server.said())) == 2)
        yield server


def test_workers_share_one_port_and_one_database(workers):
    client = idp(workers)
    pools = [client.create_user_pool(PoolName="people")["UserPool"]["Id"] for _ in range(5)]

    assert {pool["Id"] for pool in idp(workers).list_user_pools(MaxResults=10)["UserPools"]} == set(pools)
    assert len(children(workers._process.pid)) == 2


def test_a_worker_that_dies_is_replaced(workers):
    victim, other = children(workers._process.pid)
    os.kill(victim, signal.SIGKILL)

    until(lambda: len(re.findall("worker . ready", workers.said())) == 3)
    assert victim not in children(workers._process.pid)
    assert other in children(workers._process.pid)


def test_workers_do_not_outlive_the_first_process(workers):
    left = children(workers._process.pid)
    workers.kill()

    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in left))
