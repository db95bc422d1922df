"""Senders that fail, and keys that are not there: what becomes of the message, and what the log tells."""

import pytest
from structlog.testing import capture_logs
from tests.ports.amazon import kms_key
from tests.triggers.conftest import ARN, unchanged
from tests.triggers.senders.conftest import EMAIL

from lido.ports.triggers.carrier import NotInvocable, TimedOut, Unrecognizable
from lido.storage import messages


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ValueError("it was {code}"), "CustomEmailSender raised an error"),
        (
            NotInvocable("AccessDeniedException"),
            "CustomEmailSender was not invoked: AccessDeniedException",
        ),
        (TimedOut(), "CustomEmailSender gave no answer: TimedOut"),
    ],
)
def test_a_sender_that_fails_is_asked_again_and_nothing_tells_the_code(sending, decrypted, failure, reason):
    told = []

    def function(event):
        told.append(decrypted(event["request"]["code"]))
        if len(told) == 1:
            raise type(failure)(failure.args[0].format(code=told[0])) if failure.args else failure
        return event

    people = sending(CustomEmailSender=function)
    with capture_logs() as logs:
        people.sign_up()
        people.post()
        (waits,) = people.stored()
        assert (waits.state, waits.last_error, waits.attempts) == (messages.WAITING, reason, 1)
        people.house.clock.advance(seconds=7)
        people.post()

    (sent,) = people.stored()
    assert (sent.state, len(told), len(set(told))) == (messages.SENT, 2, 1)
    lines = [{name: value for name, value in line.items() if not name.endswith("_id")} for line in logs]
    assert "message not delivered" in str(lines)
    assert told[0] not in str(lines)
    assert told[0] not in str(people.told[0]["request"] | {"code": "", "userAttributes": {}})


@pytest.mark.parametrize("answer", [None, "well done", [1], {"response": {"emailMessage": "{####}"}}])
def test_whatever_a_sender_answers_the_message_has_left(sending, answer):
    people = sending(CustomEmailSender=lambda _: answer)

    people.sign_up()
    people.post()

    assert people.stored()[0].state == messages.SENT


def test_an_answer_that_is_too_large_is_an_answer_too(sending):
    def function(_):
        raise Unrecognizable

    people = sending(CustomEmailSender=function)

    people.sign_up()
    people.post()

    assert people.stored()[0].state == messages.SENT


def test_a_key_that_is_not_there_keeps_the_message(sending, moto):
    elsewhere = kms_key(moto.url, "eu-west-1").replace("eu-west-1", "us-east-1")
    people = sending(kms=elsewhere)

    people.sign_up()

    assert people.post() == []
    assert people.stored()[0].last_error == "KMS refused: 400 NotFoundException"


def test_a_key_of_another_region_is_asked_for_there(sending, moto):
    people = sending(kms=kms_key(moto.url, "eu-west-1"))

    people.sign_up()

    assert len(people.post()) == 1


def test_an_arn_that_is_no_key_s_leads_nowhere(sending):
    people = sending(kms="arn:aws:kms:evil.example/:123456789012:key/k")

    people.sign_up()

    assert people.post() == []
    assert people.stored()[0].last_error == "KMSKeyID is not the ARN of a key of KMS"


def test_without_an_endpoint_the_message_waits_and_the_log_says_why(triggered, key):
    people = triggered(CustomEmailSender=unchanged, pool={"LambdaConfig": _naming("CustomEmailSender", key)})
    worker = people.house.lido.message_worker()

    with capture_logs() as logs:
        people.sign_up()
        worker.run_due()
        worker.finish()

    assert people.told == []
    assert people.house.messages(EMAIL)[-1]["state"] == "waiting"
    assert [line["reason"] for line in logs if line["event"] == "message not delivered"] == ["no kms_endpoint is set"]


def test_without_the_package_the_message_waits(sending, monkeypatch):
    monkeypatch.setattr("lido.ports.kms.find_spec", lambda _: None)
    people = sending()

    people.sign_up()

    assert people.post() == []
    assert "aws-encryption-sdk is not installed" in people.stored()[0].last_error


def test_a_function_whose_secret_cannot_be_opened_keeps_the_message(sending, world, key):
    people = sending(CustomEmailSender=unchanged)
    with world.database.write() as tx:
        tx.run(
            "INSERT INTO trigger_targets (name, kind, address, secret, settings, created_at) "
            "VALUES ('CustomEmailSender', 'url', 'https://x.example', :secret, '{}', 0)",
            secret=b"of another master key",
        )

    people.sign_up()

    assert people.post() == []
    assert people.stored()[0].last_error == "its master key is missing"


def _naming(trigger, key):
    return {trigger: {"LambdaArn": ARN.format(trigger), "LambdaVersion": "V1_0"}, "KMSKeyID": key}
