"""Access keys, signing keys and master keys from the shell."""

import json

import pytest
from botocore.exceptions import ClientError

from lido.flows import key_rotation, master_key
from lido.rules.sealing import key_id
from lido.settings import parse_master_keys


def made(shell, *arguments):
    return json.loads(shell.prints("keys", "create", "--json", *arguments))


def client(shell, key):
    return shell.house.boto(key["access_key_id"], key["secret_access_key"])


def test_a_new_key_signs_requests_on_the_running_house(shell):
    key = made(shell, "--name", "Deploy Robot")

    assert key["operator"] == "Deploy-Robot"
    assert client(shell, key).list_user_pools(MaxResults=1)["UserPools"] == []


def test_a_key_is_printed_as_the_credentials_file_wants_it(shell):
    lines = dict(line.split(" = ") for line in shell.prints("keys", "create").splitlines())

    assert lines.keys() == {"aws_access_key_id", "aws_secret_access_key"}


def test_a_read_only_key_changes_nothing(shell):
    reader = client(shell, made(shell, "--policy", "read-only"))

    assert reader.list_user_pools(MaxResults=1)["UserPools"] == []
    with pytest.raises(ClientError, match="is not authorized to perform: cognito-idp:CreateUserPool"):
        reader.create_user_pool(PoolName="people")


def test_a_policy_comes_from_a_file_or_from_the_line(shell, tmp_path):
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "cognito-idp:CreateUserPool", "Resource": "*"}],
        }
    )
    file = tmp_path / "policy.json"
    file.write_text(document)

    for key in (made(shell, "--policy", file), made(shell, "--policy", document)):
        client(shell, key).create_user_pool(PoolName="people")
        with pytest.raises(ClientError, match="not authorized"):
            client(shell, key).list_user_pools(MaxResults=1)


@pytest.mark.parametrize(
    "policy, sentence",
    [
        ("{", "The policy is not JSON"),
        ('{"Version":"2012-10-17","Statement":[]}', "A policy has at least one Statement"),
        ("no-such-file", "neither full, read-only, JSON nor a file"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_with_a_sentence(shell, policy, sentence):
    assert sentence in shell.refuses("keys", "create", "--policy", policy)


def test_the_list_shows_every_key_and_no_secret(shell):
    key = made(shell, "--operator", "robot", "--policy", "read-only")
    shell.prints("keys", "revoke", key["access_key_id"])

    text, rows = shell.prints("keys", "list"), json.loads(shell.prints("keys", "list", "--json"))

    assert key["secret_access_key"] not in text + json.dumps(rows)
    line = next(line for line in text.splitlines() if key["access_key_id"] in line)
    assert "robot" in line
    assert "read-only" in line
    assert "revoked" in line
    row = next(row for row in rows if row["access_key_id"] == key["access_key_id"])
    assert row["operator"] == "robot"
    assert row["revoked_at"].endswith("Z")


def test_a_revoked_key_is_refused_within_a_second(shell):
    key = made(shell)
    caller = client(shell, key)
    caller.list_user_pools(MaxResults=1)

    assert "is revoked" in shell.prints("keys", "revoke", key["access_key_id"])

    shell.house.clock.advance(seconds=1)
    with pytest.raises(ClientError):
        caller.list_user_pools(MaxResults=1)
    assert "no active access key" in shell.refuses("keys", "revoke", key["access_key_id"])


def test_rotating_signing_keys_publishes_the_next_ones(shell):
    pool = shell.house.pool()

    assert shell.prints("keys", "signing", "rotate", pool).count(" tokens from ") == 2
    _, _, body = shell.house.http("GET", f"http://lido.test/{pool}/.well-known/jwks.json")
    assert len(json.loads(body)["keys"]) == 4
    assert "does not exist" in shell.refuses("keys", "signing", "rotate", "us-east-1_nobody000")


def rotate(shell, *arguments):
    return shell.prints("keys", "master", "rotate", "--wait-seconds", "0", *arguments)


def key_ids(shell):
    return [key_id(key).hex() for key in parse_master_keys((shell.folder / "master.key").read_text())]


def test_rotating_the_master_key_seals_everything_anew(shell):
    pool = shell.house.pool()
    shell.house.user(pool)

    rotate(shell)

    old, new = key_ids(shell)
    assert master_key.sealing_id(shell.database) == new
    assert f"{old}  opens" in shell.prints("keys", "master", "list")
    assert f"{new}  seals" in shell.prints("keys", "master", "list")
    for sealed in key_rotation.SEALED:
        with shell.database.read() as tx:
            rows = tx.rows(f"SELECT {sealed.column.name} FROM {sealed.column.table}")
        assert {bytes(row[0])[1:5].hex() for row in rows if row[0]} <= {new}
    assert (shell.folder / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_running_house_takes_up_the_new_key_when_it_looks(shell):
    pool = shell.house.pool()
    app = shell.house.app(pool, GenerateSecret=True)
    rotate(shell)
    masters = parse_master_keys((shell.folder / "master.key").read_text())

    assert master_key.follow(shell.database, shell.house.lido.keys, masters)

    assert not master_key.follow(shell.database, shell.house.lido.keys, masters)
    assert shell.house.lido.keys.key_id.hex() == master_key.sealing_id(shell.database)
    described = shell.house.idp.describe_user_pool_client(UserPoolId=pool, ClientId=app["ClientId"])
    assert described["UserPoolClient"]["ClientSecret"] == app["ClientSecret"]


def test_a_prepared_key_seals_nothing_until_the_rotation(shell):
    rotate(shell, "--prepare")
    old, prepared = key_ids(shell)
    assert master_key.sealing_id(shell.database) == old
    assert master_key.sealing_ids(shell.database) == [old]

    rotate(shell)

    assert key_ids(shell) == [old, prepared]
    assert master_key.sealing_id(shell.database) == prepared


def test_an_old_key_is_forgotten_for_good_and_the_one_that_seals_never(shell):
    rotate(shell)
    old, new = key_ids(shell)
    assert "rotate first" in shell.refuses("keys", "master", "forget", new)

    shell.prints("keys", "master", "forget", old)

    assert key_ids(shell) == [new]
    assert master_key.sealing_ids(shell.database) == [new]
    assert "needs no key" in shell.refuses("keys", "master", "forget", old)
    # Found again in an old copy of the file, it is not taken for a new one.
    assert master_key.prepared(shell.database, [bytes(32)]) is None


def test_a_key_in_a_variable_is_rotated_to_the_one_behind_it(shell, monkeypatch):
    rotate(shell, "--prepare")
    keys = ",".join((shell.folder / "master.key").read_text().split())
    (shell.folder / "master.key").unlink()

    def command(value):
        (shell.folder / "lido.toml").write_text(f'master_key = "{value}"\n')
        return shell("keys", "master", "rotate", "--wait-seconds", "0", "--config", shell.folder / "lido.toml")

    alone = command(keys.split(",")[0])
    assert alone.exit_code == 1
    assert "add a new one behind it" in alone.stderr
    assert command(keys).exit_code == 0
    assert master_key.sealing_id(shell.database) == key_id(parse_master_keys(keys)[1]).hex()
