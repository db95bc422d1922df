"""What became of messages, trying again and the way, from the shell."""

import json

import msgspec
import pytest
from tests.mail_server import mail_server

from lido.flows import codes, delivery
from lido.records import Message
from lido.storage import messages


@pytest.fixture
def pool(shell):
    return shell.house.pool()


def write(shell, pool, to, *, state=messages.WAITING, error=None, lives_seconds=3600, medium="EMAIL"):
    shell.house.clock.advance(seconds=0.01)
    call = shell.house.call()
    message_id = call.entropy.time_ordered_id(call.now)
    letter = delivery.Letter(to, "SignUp", "Your code", "It is 123456", code="123456")
    body = call.keys.seal(delivery.PURPOSE, msgspec.json.encode(letter), pool, message_id)
    expires_at = call.now + lives_seconds * 1000
    key = codes.address_key(call, to)
    with shell.database.write() as tx:
        messages.add(
            tx, Message(pool, message_id, "sub", medium, key, body, state, 3, call.now, 0, expires_at, None, error)
        )
    return message_id


def listed(shell, *arguments):
    return json.loads(shell.prints("messages", "list", "--json", *arguments))


def test_the_log_tells_what_became_of_messages_and_neither_address_nor_code(shell, pool):
    ids = [
        write(shell, pool, "alice@example.com", state=messages.SENT),
        write(shell, pool, "bob@example.com", state=messages.GIVEN_UP, error="recipient refused: 550"),
        write(shell, pool, "carol@example.com", state=messages.GIVEN_UP, error="expired"),
        write(shell, pool, "+15550100", medium="SMS", state=messages.KEPT),
        write(shell, pool, "dora@example.com", lives_seconds=-1),
        write(shell, pool, "emil@example.com", error="SMTPServerDisconnected"),
    ]
    entries = listed(shell)
    assert [entry["id"] for entry in entries] == ids
    assert [entry["state"] for entry in entries] == ["sent", "failed", "expired", "kept", "expired", "waiting"]
    assert [entry["to"] for entry in entries][:4] == ["a***@e***", "b***@e***", "c***@e***", "+*******0100"]
    assert entries[1]["trouble"] == "recipient refused: 550"
    printed = shell.prints("messages", "list")
    assert "failed   EMAIL to b***@e***  (SignUp, " in printed
    assert "after 3 tries  recipient refused: 550" in printed
    assert "123456" not in printed + json.dumps(entries)
    assert "alice" not in printed + json.dumps(entries)


def test_the_log_is_narrowed(shell, pool):
    other = shell.house.pool()
    write(shell, pool, "alice@example.com", state=messages.SENT)
    write(shell, other, "bob@example.com", state=messages.SENT)
    write(shell, pool, "bob@example.com", lives_seconds=-1)
    assert [entry["to"] for entry in listed(shell, "--pool", other)] == ["b***@e***"]
    assert [entry["pool_id"] for entry in listed(shell, "--to", "BOB@example.com")] == [other, pool]
    assert [entry["pool_id"] for entry in listed(shell, "--to", "a***@e***")] == [pool]
    assert [entry["to"] for entry in listed(shell, "--state", "expired")] == ["b***@e***"]
    assert [entry["to"] for entry in listed(shell, "--state", "sent", "--limit", "1")] == ["b***@e***"]
    assert "no such message" in shell("messages", "list", "--to", "nobody@example.com").stderr


def test_what_was_given_up_or_waits_is_tried_again_but_not_what_expired(shell, pool):
    given_up = write(shell, pool, "a@example.com", state=messages.GIVEN_UP, error="message refused: 554")
    waiting = write(shell, pool, "b@example.com", error="later")
    kept = write(shell, pool, "c@example.com", state=messages.KEPT)
    write(shell, pool, "d@example.com", state=messages.SENT)
    write(shell, pool, "e@example.com", state=messages.GIVEN_UP, error="expired", lives_seconds=-1)
    assert shell.prints("messages", "retry") == "Tried again: 2.\n"
    waits = {entry["id"]: entry["attempts"] for entry in listed(shell, "--state", "waiting")}
    assert waits == {given_up: 0, waiting: 0}
    assert shell.prints("messages", "retry", "--kept", "--to", "c@example.com") == "Tried again: 1.\n"
    assert kept in [entry["id"] for entry in listed(shell, "--state", "waiting")]


def test_a_test_message_goes_the_way_that_the_settings_name(shell, pool, monkeypatch, tmp_path):
    with mail_server() as server:
        (tmp_path / "lido.toml").write_text(f'smtp_url = "{server.url}"\nmail_from = "no-reply@lido.example"\n')
        config = ("--config", tmp_path / "lido.toml")
        printed = shell.prints("messages", "test", "--pool", pool, "--to", "alice@example.com", *config)
        assert "lido messages test" in shell.prints("audit", "list", "--pool", pool)
        refused = shell.refuses("messages", "test", "--pool", pool, "--to", "+15550100", *config)
        odd = shell.refuses("messages", "test", "--pool", pool, "--to", "a@b.c, d@e.f", *config)
    assert printed == "The message to alice@example.com was taken.\n"
    [(sender, to, raw)] = server.taken
    assert (sender, to) == ("no-reply@lido.example", ["alice@example.com"])
    assert b"This is a test message of the user pool people." in raw
    assert "No way for SMS is configured" in refused
    assert "not one plain address" in odd
    down = shell.refuses("messages", "test", "--pool", pool, "--to", "alice@example.com", *config)
    assert "ConnectionRefusedError: " in down
    assert listed(shell) == []
    assert "ResourceNotFoundException" in shell.refuses(
        "messages", "test", "--pool", "us-east-1_nobody", "--to", "a@b.c", *config
    )


def test_a_refusal_is_printed_in_the_server_s_own_words(shell, pool, tmp_path):
    with mail_server() as server:
        server.says = "550 5.7.1 relaying\x1b[31m denied"
        (tmp_path / "lido.toml").write_text(f'smtp_url = "{server.url}"\n')
        refused = shell.refuses(
            "messages", "test", "--pool", pool, "--to", "alice@example.com", "--config", tmp_path / "lido.toml"
        )
    assert refused == "Error: message refused: 550: 5.7.1 relaying [31m denied\n"


WORDS = ("--pool", "POOL", "--source", "SignUp", "--language", "de_AT")


def templates(pool, verb, *arguments):
    return ("messages", "templates", verb, *(pool if part == "POOL" else part for part in WORDS), *arguments)


def test_words_are_set_listed_shown_and_removed(shell, pool, tmp_path):
    (tmp_path / "sign-up.html").write_text("<p>Code: {####}</p>\n")
    html = f"@{tmp_path / 'sign-up.html'}"
    line = "SignUp  EMAIL  de-at  Ihr Code\n"
    assert (
        shell.prints(*templates(pool, "set", "--subject", "Ihr Code", "--html", html, "--text", "Code {####}")) == line
    )
    assert shell.prints("messages", "templates", "list", "--pool", pool) == line
    assert shell.prints(*templates(pool, "show")) == "Subject: Ihr Code\n\nCode {####}\n\n<p>Code: {####}</p>\n"
    assert "There are no words for SignUp by SMS" in shell.refuses(*templates(pool, "show", "--medium", "sms"))
    shell.prints(*templates(pool, "remove"))
    assert shell.prints("messages", "templates", "list", "--pool", pool) == ""
    assert "There are no words" in shell.refuses(*templates(pool, "remove"))


def test_words_that_cannot_be_sent_are_refused(shell, pool, tmp_path):
    assert "no place for the code" in shell.refuses(*templates(pool, "set", "--subject", "x", "--html", "nothing"))
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "UTF-8" in shell.refuses(*templates(pool, "set", "--subject", "x", "--html", f"@{tmp_path / 'binary'}"))
    assert "No such file" in shell.refuses(*templates(pool, "set", "--subject", "x", "--html", "@/nowhere"))
