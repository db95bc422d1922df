"""`lido serve --demo`: one pool and one user, made once, and three ways to sign in that work when pasted."""

import json
import shutil
import stat
import subprocess

import pytest
from tests.conftest import ENGINES
from tests.databases import fresh_url
from tests.server import Server

pytestmark = pytest.mark.slow


@pytest.fixture(params=ENGINES)
def server(request, tmp_path):
    with fresh_url(request.param, tmp_path, migrated=False) as url:
        with Server(tmp_path / "data", url, "--demo") as server:
            yield server


def tour(server: Server) -> str:
    return server.said().partition("A user to try:")[2]


def ways(server: Server) -> list[str]:
    lines = tour(server).partition("three ways:")[2].splitlines()
    return [line.strip() for line in lines if line.startswith("  ")]


def pasted(line: str, server: Server) -> dict:
    done = subprocess.run(
        ["sh", "-c", line], env=server.env, cwd=server.data_dir.parent, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def signed_in(answer: dict) -> bool:
    return answer["AuthenticationResult"]["AccessToken"].count(".") == 2


def test_curl_signs_in(server):
    assert shutil.which("curl"), "curl is not installed"
    assert signed_in(pasted(ways(server)[1], server))


def test_lido_call_signs_in(server):
    assert signed_in(pasted(ways(server)[2], server))


@pytest.mark.sdk
def test_the_aws_command_line_signs_in(server):
    assert signed_in(pasted(ways(server)[0], server))


def test_it_is_made_once_and_told_at_every_start(server):
    kept = json.loads((server.data_dir / "demo.json").read_text())
    server.stop()
    before = server.said()
    server.start()

    assert tour(server).count(kept["pool_id"]) == before.partition("A user to try:")[2].count(kept["pool_id"]) * 2
    listed = json.loads(server.lido("call", "--endpoint", server.url, "ListUserPools", '{"MaxResults": 5}'))
    assert [pool["Id"] for pool in listed["UserPools"]] == [kept["pool_id"]]


def test_the_password_is_random_and_kept_for_the_owner_alone(server, tmp_path):
    file = server.data_dir / "demo.json"
    with Server(tmp_path / "other", f"sqlite:///{tmp_path}/other.db", "--demo") as other:
        password = json.loads((other.data_dir / "demo.json").read_text())["password"]

    assert password != json.loads(file.read_text())["password"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_lost_password_is_told_and_nothing_is_made_anew(server):
    pool_id = json.loads((server.data_dir / "demo.json").read_text())["pool_id"]
    server.stop()
    (server.data_dir / "demo.json").unlink()
    server.start()

    assert f"The demo pool is {pool_id}, but the file" in server.said()


def test_a_pool_that_was_deleted_is_not_offered(server):
    pool_id = json.loads((server.data_dir / "demo.json").read_text())["pool_id"]
    server.lido("call", "--endpoint", server.url, "DeleteUserPool", json.dumps({"UserPoolId": pool_id}))
    server.stop()
    before = server.said()
    server.start()

    assert f"The demo pool {pool_id} was deleted" in server.said()
    assert server.said().count("A user to try:") == before.count("A user to try:")


def test_a_file_that_tells_of_another_database_is_not_believed(server, tmp_path):
    file = server.data_dir / "demo.json"
    pool_id = json.loads(file.read_text())["pool_id"]
    server.stop()
    with Server(server.data_dir, f"sqlite:///{tmp_path}/other.db", "--demo", log="other"):
        assert json.loads(file.read_text())["pool_id"] != pool_id
    server.start()

    assert f"The demo pool is {pool_id}, but the file {file} tells of" in server.said()
