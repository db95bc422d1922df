"""Messages to people, read from the shell."""

import json

import pytest

from lido.flows import delivery
from lido.flows.delivery import Letter
from lido.records import HandleKind
from lido.storage import messages, pools, user_names, users

MEMBERS = ["to", "medium", "source", "pool_id", "subject", "text", "html", "code", "link", "sent_at"]


@pytest.fixture
def pool(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice")
    return pool


def write(shell, pool, to, code):
    shell.house.clock.advance(seconds=1)
    call = shell.house.call()
    with shell.database.write() as tx:
        owner = user_names.find(tx, pool, "alice")
        assert owner.kind == HandleKind.USERNAME
        letter = Letter(to, "SignUp", "Your code", f"It is {code}", html=f"It is <b>{code}</b>", code=code)
        user = users.find(tx, pool, owner.sub)
        delivery.send(call, tx, pools.find(tx, pool), user, "EMAIL", letter, expires_at=call.now + 1000)


def keep_all(shell):
    now = shell.house.clock.now()
    with shell.database.write() as tx:
        for message in messages.page(tx, limit=100):
            messages.keep(tx, message, now)


def test_messages_are_listed_newest_last_in_json(shell, pool):
    write(shell, pool, "a@example.com", "111111")
    write(shell, pool, "b@example.com", "222222")
    keep_all(shell)

    found = json.loads(shell.prints("outbox", "--json"))

    assert [list(message) for message in found] == [MEMBERS, MEMBERS]
    assert [message["code"] for message in found] == ["111111", "222222"]
    assert found[0]["medium"] == "EMAIL"
    assert found[0]["pool_id"] == pool
    assert found[0]["sent_at"].endswith("Z")


def test_the_newest_message_to_an_address_is_one_object(shell, pool):
    for code in ("111111", "222222"):
        write(shell, pool, "a@example.com", code)
    write(shell, pool, "b@example.com", "333333")

    found = json.loads(shell.prints("outbox", "--to", "A@example.com", "--last", "--json"))

    assert found["code"] == "222222"
    assert found["sent_at"] is None
    assert "no such message" in shell.refuses("outbox", "--to", "c@example.com", "--last")


def test_messages_of_another_pool_are_left_out(shell, pool):
    write(shell, pool, "a@example.com", "111111")

    assert json.loads(shell.prints("outbox", "--pool", "us-east-1_other0000", "--json")) == []
    assert len(json.loads(shell.prints("outbox", "--pool", pool, "--json"))) == 1


def test_messages_are_readable(shell, pool):
    write(shell, pool, "a@example.com", "111111")

    printed = shell.prints("outbox")

    assert "EMAIL to a@example.com  (SignUp" in printed
    assert "waiting" in printed
    assert "Subject: Your code" in printed
    assert "    It is 111111" in printed


def test_messages_from_before_a_rotation_are_found_by_their_address(shell, pool):
    write(shell, pool, "a@example.com", "111111")
    shell.prints("keys", "master", "rotate", "--wait-seconds", "0")

    assert json.loads(shell.prints("outbox", "--to", "a@example.com", "--last", "--json"))["code"] == "111111"
