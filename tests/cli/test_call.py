"""`lido call`: JSON in and out over the wire, signed where that is needed."""

import hashlib
import json

import pytest
from tests.server import Server

from lido.ports.aws_client import Signer, signed
from lido.settings import load
from lido.web.aws import signature

pytestmark = pytest.mark.slow
POOL = '{"PoolName": "people"}'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    with Server(folder, f"sqlite:///{folder}/lido.db") as server:
        yield server


@pytest.fixture
def call(run, server):
    def call(*arguments, **given):
        return run("call", "--endpoint", server.url, "--data-dir", server.data_dir, *arguments, **given)

    return call


def test_an_operators_operation_is_signed_with_the_key_of_the_folder(call):
    made = call("CreateUserPool", POOL)

    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["UserPool"]["Name"] == "people"
    assert made.stdout.startswith('{\n  "UserPool": {\n')


def test_the_document_may_come_from_a_file_or_from_the_input(call, tmp_path):
    (tmp_path / "pool.json").write_text(POOL)

    assert json.loads(call("CreateUserPool", "@pool.json").stdout)["UserPool"]["Name"] == "people"
    assert json.loads(call("CreateUserPool", "-", input_=POOL).stdout)["UserPool"]["Name"] == "people"


def test_a_refusal_is_one_line_that_begins_with_its_name(call):
    parameters = {"USERNAME": "alice", "PASSWORD": "Passw0rd!"}
    document = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "nobody", "AuthParameters": parameters}

    refused = call("InitiateAuth", json.dumps(document))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "ResourceNotFoundException: User pool client nobody does not exist.\n"


def test_the_key_may_come_from_awss_variables(run, server):
    access_key_id, secret = server.credentials()
    elsewhere = ("call", "--endpoint", server.url, "ListUserPools", '{"MaxResults": 5}')

    refused = run(*elsewhere)
    answered = run(*elsewhere, AWS_ACCESS_KEY_ID=access_key_id, AWS_SECRET_ACCESS_KEY=secret)

    assert refused.stderr == (
        "Error: ListUserPools is for operators, and no access key was found: "
        "not in lido-data/credentials, and AWS_ACCESS_KEY_ID is not set.\n"
    )
    assert answered.returncode == 0, answered.stderr


def test_a_wrong_key_is_refused_by_the_server(run, server):
    refused = run(
        *("call", "--endpoint", server.url, "ListUserPools", '{"MaxResults": 5}'),
        AWS_ACCESS_KEY_ID="AKIANOBODYNOBODYNOBO",
        AWS_SECRET_ACCESS_KEY="nothing",
    )

    assert (refused.returncode, refused.stderr.partition(":")[0]) == (1, "UnrecognizedClientException")


def test_a_misspelt_operation_gets_a_hint(call):
    assert call("ListUsersPool").stderr == "Error: There is no operation ListUsersPool. Did you mean ListUserPools?\n"


def test_nobody_at_home_is_told_in_a_sentence(run):
    refused = run("call", "--endpoint", "http://127.0.0.1:9", "InitiateAuth")

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: Nothing answers at http://127.0.0.1:9; does `lido serve` run?")
    assert "Traceback" not in refused.stderr


def test_what_it_signs_is_what_the_door_verifies():
    now = 1_790_000_000_000
    signer = Signer("AKIAONE", "its secret", "a session token", "eu-west-1", "cognito-idp")
    headers = signed(signer, "/below/it", {"host": "lido.test:9229", "x-amz-target": "T.Op"}, b"{}", now)
    request = signature.SignedRequest(
        method="POST",
        path="/below/it",
        query=b"",
        headers=[(name.encode(), value.encode()) for name, value in headers.items()],
        body=b"{}",
    )
    secret = signature.Secret("its secret", hashlib.sha256(b"a session token").digest())

    found = signature.verify(
        request, find_secret=lambda _: secret, now=now, service="cognito-idp", serves=lambda region: True
    )

    assert (found.access_key_id, found.region) == ("AKIAONE", "eu-west-1")


def test_its_default_server_is_the_one_that_make_run_starts(run):
    assert f"Nothing answers at {load({}, {}).public_url};" in run("call", "InitiateAuth", LIDO_PORT="9229").stderr
