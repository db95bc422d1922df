"""Triggers that are HTTPS endpoints: signed, tried again after time-outs alone, never further than allowed."""

import json

import msgspec
import pytest
import standardwebhooks
from tests.receivers import receiving, say

from lido.ports.clock import SystemClock
from lido.ports.entropy import SystemEntropy
from lido.ports.outgoing import Outgoing
from lido.ports.triggers.carrier import MAX_BODY_BYTES, NotInvocable, Raised, Target, TimedOut, Unrecognizable
from lido.ports.triggers.carriers import Carriers
from lido.ports.triggers.endpoint import Endpoints
from lido.rules.webhook_signature import key_text

SECRET = bytes(range(32))
EVENT = {"triggerSource": "PreSignUp_SignUp", "userName": "älice", "response": {}}


@pytest.fixture
def receiver(tmp_path):
    with receiving(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def target(receiver):
    return Target(
        name="hook",
        kind="url",
        address=receiver.url(),
        arn="arn:aws:lambda:us-east-1:0:function:hook",
        secret=SECRET,
        timeout_seconds=10.0,
    )


@pytest.fixture
def invoke(receiver):
    carriers = carrying(Outgoing(("127.0.0.0/8",), authority=receiver.authority))
    yield lambda target: json.loads(carriers.invoke(target, "PreSignUp", json.dumps(EVENT).encode(), "pool"))
    carriers.close()


def carrying(outgoing):
    return Carriers({"url": lambda: Endpoints(outgoing, SystemClock())}, SystemEntropy(), waiting=4)


def test_an_endpoint_gets_the_event_and_its_answer_comes_back(receiver, invoke, target):
    receiver.answer = lambda handler, posted: say(
        handler, json.dumps({**json.loads(posted.body), "response": {"autoConfirmUser": True}}).encode()
    )

    assert invoke(target) == {**EVENT, "response": {"autoConfirmUser": True}}
    assert receiver.posted[0].headers["content-type"] == "application/json"
    assert receiver.posted[0].headers["lido-trigger"] == "PreSignUp"


def test_the_receivers_library_verifies_the_signature_and_no_other(receiver, invoke, target):
    invoke(target)

    posted = receiver.posted[0]
    assert standardwebhooks.Webhook(key_text(SECRET)).verify(posted.body, posted.headers) == EVENT
    for changed in ({"webhook-id": "other"}, {"webhook-timestamp": "1700000000"}):
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(key_text(SECRET)).verify(posted.body, {**posted.headers, **changed})
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(key_text(bytes(32))).verify(posted.body, posted.headers)


def test_after_a_time_out_it_is_tried_again_with_the_same_id(receiver, invoke, target):
    def slow_at_first(handler, _posted):
        if len(receiver.posted) < 3:
            receiver.is_over.wait(30)
        say(handler)

    receiver.answer = slow_at_first

    assert invoke(msgspec.structs.replace(target, timeout_seconds=0.3)) == {}
    assert len(receiver.posted) == 3
    assert len({posted.headers["webhook-id"] for posted in receiver.posted}) == 1


def test_after_the_last_time_out_it_has_failed(receiver, invoke, target):
    receiver.answer = lambda *_: receiver.is_over.wait(30)
    with pytest.raises(TimedOut):
        invoke(msgspec.structs.replace(target, timeout_seconds=0.2, attempts=2))

    assert len(receiver.posted) == 2


@pytest.mark.parametrize("status", [400, 422, 500])
def test_an_endpoint_raises_by_an_error_message(receiver, invoke, target, status):
    body = json.dumps({"errorMessage": "Cannot register\r\n\x1b[31musers <b>under</b> 18" + "!" * 5000}).encode()
    receiver.answer = lambda handler, _: say(handler, body, status)
    with pytest.raises(Raised) as raised:
        invoke(target)

    assert raised.value.message.startswith("Cannot register [31musers <b>under</b> 18!")
    assert len(raised.value.message) == 1024
    assert len(receiver.posted) == 1


@pytest.mark.parametrize(
    "status, name",
    [
        (301, "ServiceException"),
        (302, "ServiceException"),
        (400, "ServiceException"),
        (401, "AccessDeniedException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (410, "ResourceNotFoundException"),
        (429, "TooManyRequestsException"),
        (500, "ServiceException"),
        (503, "ServiceException"),
        (204, "ServiceException"),
    ],
)
def test_other_answers_say_that_it_could_not_be_invoked_and_are_not_tried_again(receiver, invoke, target, status, name):
    receiver.answer = lambda handler, _: say(handler, b"" if status == 204 else b"<html>no</html>", status)
    with pytest.raises(NotInvocable, match=f"^{name}$"):
        invoke(target)

    assert len(receiver.posted) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"{",
        b"{} {}",
        b"\xff\xfe",
        b"NaN",
        b'{"a":"\xff"}',
        b"[" * 100_000,
        b'"' + b"x" * MAX_BODY_BYTES + b'"',
    ],
    ids=["nothing", "html", "half", "two", "no utf-8", "nan", "half utf-8", "deep", "large"],
)
def test_rubbish_is_refused(receiver, invoke, target, body):
    receiver.answer = lambda handler, _: say(handler, body)
    with pytest.raises(Unrecognizable):
        invoke(target)

    assert len(receiver.posted) == 1


@pytest.mark.parametrize("body", [b"null", b'"text"', b"7", b"[]"])
def test_json_of_any_kind_is_an_answer(receiver, invoke, target, body):
    receiver.answer = lambda handler, _: say(handler, body)

    assert invoke(target) == json.loads(body)


def test_a_private_endpoint_is_refused_unless_allowed(receiver, target):
    carriers = carrying(Outgoing(authority=receiver.authority))
    with pytest.raises(NotInvocable, match="AccessDeniedException"):
        carriers.invoke(target, "PreSignUp", b"{}", "pool")
    carriers.close()

    assert receiver.posted == []


def test_an_endpoint_that_is_not_there_cannot_be_invoked(receiver, invoke, target):
    receiver.shutdown()
    receiver.socket.close()
    with pytest.raises(NotInvocable, match="ServiceException"):
        invoke(target)


def test_a_target_tells_no_address_and_no_secret(target):
    assert repr(target) == "<Target hook: url>"
