"""The audit trail from the shell: what commands leave in it, reading it, proving it."""

import json
import os
import pwd

import pytest

from lido.flows import audit_chain
from lido.storage import facts

ME = f"command line: {pwd.getpwuid(os.getuid()).pw_name}"


@pytest.fixture
def pool_id(shell):
    return shell.house.pool()


def seal(shell):
    call = shell.house.call()
    with shell.database.write() as tx:
        audit_chain.seal_next(call, tx)


def entries(shell, *arguments):
    return [json.loads(line) for line in shell.prints("audit", "export", *arguments).splitlines()]


def test_an_untouched_trail_holds_and_a_changed_one_does_not(shell, pool_id):
    seal(shell)
    assert "The audit trail holds" in shell.prints("audit", "verify")

    entry_id = entries(shell, "--pool", pool_id)[0]["id"]
    with shell.database.write() as tx:
        tx.run("UPDATE audit SET action = 'ListGroups' WHERE id = :id", id=entry_id)

    assert f"does not hold: entry {entry_id} (ListGroups) was changed or forged." in shell.refuses("audit", "verify")


def test_a_kept_head_shows_that_the_end_is_missing(shell, pool_id):
    assert "Nothing is sealed yet" in shell.refuses("audit", "head")
    with shell.database.read() as tx:
        before = facts.find(tx, "audit head")
    seal(shell)
    head = shell.prints("audit", "head").strip()
    shell.prints("audit", "verify", "--holding", head)
    shell.prints("audit", "verify", "--from", head)

    with shell.database.write() as tx:
        for table in ("audit", "audit_seals"):
            tx.run(f"DELETE FROM {table} WHERE seal = 1")
        facts.put(tx, "audit head", before)

    assert "The audit trail holds" in shell.prints("audit", "verify")
    assert "are missing" in shell.refuses("audit", "verify", "--holding", head)
    assert "not the one that was kept" in shell.refuses("audit", "verify", "--from", head)


def test_what_is_no_head_is_refused(shell):
    assert shell("audit", "verify", "--from", "1:ab").exit_code == 2


def test_the_list_tells_the_newest_and_says_what_is_not_sealed(shell, pool_id):
    seal(shell)
    shell.house.idp.create_group(UserPoolId=pool_id, GroupName="staff")
    lines = shell.prints("audit", "list", "--pool", pool_id).splitlines()
    assert len(lines) == 2
    assert "CreateUserPool  success" in lines[0]
    assert "CreateGroup  success" in lines[1]
    assert "GroupName=staff" in lines[1]
    assert lines[1].endswith("(not sealed yet)")
    assert shell.prints("audit", "list", "--pool", pool_id, "--limit", 1).splitlines() == lines[1:]


def test_entries_before_a_time_are_left_out(shell, pool_id):
    assert entries(shell, "--since", "1h")
    assert entries(shell, "--since", "2020-01-01") == entries(shell)
    assert entries(shell, "--since", "2099-01-01T00:00:00Z") == []
    assert shell("audit", "list", "--since", "yesterday").exit_code == 2


def test_a_spoilt_entry_is_listed_as_it_is(shell, pool_id):
    with shell.database.write() as tx:
        tx.run("UPDATE audit SET body = 'rubbish', actor = :actor", actor="\x1b[2Jsomebody")
    assert "?  ?[2Jsomebody  CreateUserPool" in shell.prints("audit", "list", "--pool", pool_id)
    assert entries(shell, "--pool", pool_id)[0]["time"] == "?"


def test_every_command_that_changes_or_tells_something_leaves_an_entry(shell, pool_id, tmp_path):
    client_id = shell.house.app(pool_id)["ClientId"]
    shell.house.user(pool_id, "alice")
    sub = next(
        each["Value"]
        for each in shell.house.idp.admin_get_user(UserPoolId=pool_id, Username="alice")["UserAttributes"]
        if each["Name"] == "sub"
    )
    key = json.loads(shell.prints("keys", "create", "--name", "ci", "--json"))["access_key_id"]
    shell.prints("keys", "revoke", key)
    shell.prints("keys", "signing", "rotate", pool_id)
    shell.prints("pool", "set", pool_id, "recovery_codes=true")
    shell.prints("pool", "set", pool_id, "alias_attributes=email", "--settle-seconds", 0)
    shell.prints("client", "set", client_id, "hide_users=true")
    codes = shell.prints("users", "recovery-codes", pool_id, "alice")
    shell.prints("users", "unlock", pool_id, "alice")
    shell.prints("outbox")
    shell.prints("keys", "master", "rotate", "--wait-seconds", 0)

    found = [entry for entry in entries(shell) if entry["actor"] == ME]
    assert [(entry["operation"], entry["outcome"]) for entry in found] == [
        ("lido serve", "success"),
        ("lido keys create", "success"),
        ("lido keys revoke", "success"),
        ("lido keys signing rotate", "success"),
        ("lido pool set", "success"),
        ("lido pool set", "success"),
        ("lido client set", "success"),
        ("lido users recovery-codes", "success"),
        ("lido users unlock", "success"),
        ("lido outbox", "success"),
        ("lido keys master rotate", "success"),
    ]
    assert found[1]["named"] == {"Operator": "ci", "AccessKeyId": key}
    assert found[4]["names"] == ["recovery_codes"]
    assert found[6]["pool_id"] == pool_id
    assert found[7]["sub"] == found[8]["sub"] == sub
    assert codes.split()[0] not in repr(found)


def test_commands_about_triggers_webhooks_and_messages_leave_entries(shell, pool_id):
    trigger = ("--pool", pool_id, "--trigger", "PreSignUp", "--python", "json:loads", "--name", "reader")
    shell.prints("triggers", "add", *trigger)
    shell.prints("triggers", "remove", "reader")
    webhook = shell.prints("webhooks", "add", "--pool", pool_id, "--url", "https://hooks.example.com/", "--json")
    webhook_id, secret = (json.loads(webhook)[name] for name in ("id", "secret"))
    shell.prints("webhooks", "rotate", webhook_id)
    shell.prints("webhooks", "disable", webhook_id)
    shell.prints("webhooks", "remove", webhook_id)
    shell.prints("messages", "retry", "--pool", pool_id)

    found = [entry for entry in entries(shell) if entry["actor"] == ME]
    assert [entry["operation"] for entry in found if entry["outcome"] == "success"][1:] == [
        "lido triggers add",
        "lido triggers remove",
        "lido webhooks add",
        "lido webhooks rotate",
        "lido webhooks disable",
        "lido webhooks remove",
        "lido messages retry",
    ]
    assert secret not in repr(found)


def test_a_command_that_is_refused_leaves_its_refusal_or_nothing(shell, pool_id):
    before = len(entries(shell))
    shell.refuses("keys", "revoke", "AKIANOSUCHKEY0000000")
    shell.refuses("users", "unlock", pool_id, "nobody")
    last = entries(shell)[before:]
    assert [(entry["operation"], entry["outcome"]) for entry in last] == [
        ("lido users unlock", "UserNotFoundException")
    ]


# PostgreSQL has its own tools for backups.
@pytest.mark.parametrize("shell", ["sqlite"], indirect=True)
def test_a_backup_holds_its_own_entry(shell, pool_id, tmp_path):
    copy = tmp_path / "copy.db"
    shell.prints("backup", copy)
    shell.close()
    shell.prints("restore", copy)
    shell.open()
    found = [(entry["operation"], entry["named"]) for entry in entries(shell) if entry["operation"].startswith("lido ")]
    assert found[-2:] == [("lido backup", {"File": str(copy)}), ("lido restore", {"File": str(copy)})]
