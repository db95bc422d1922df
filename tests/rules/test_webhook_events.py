import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError
from tests.fakes import BEGINNING, QuickEntropy, SystemEntropy

from lido.ports.clock import SystemClock
from lido.records import Event
from lido.rules import webhook_events, webhook_signature

ID = QuickEntropy().time_ordered_id(BEGINNING)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("signed_up", "user.signed_up"),
        ("user_created", "user.created"),
        ("deleted", "user.deleted"),
        ("pool_deleted", "pool.deleted"),
        ("client_changed", "client.changed"),
        ("group_created", "group.created"),
        ("group_joined", "user.group_joined"),
        ("keys_rotated", "pool.keys_rotated"),
    ],
)
def test_a_type_says_whom_it_is_about(kind, type_):
    assert webhook_events.type_of(kind) == type_


def test_a_body_is_the_same_whenever_it_is_made():
    event = Event("p", ID, "disabled", "s", {"operation": "AdminDisableUser", "v": 1})
    assert webhook_events.body(event) == webhook_events.body(event)
    assert json.loads(webhook_events.body(event)) == {
        "id": ID,
        "type": "user.disabled",
        "timestamp": "2026-09-21T14:13:20.000Z",
        "data": {"pool_id": "p", "user_sub": "s", "operation": "AdminDisableUser"},
    }


def test_who_is_nobody_is_not_named():
    assert json.loads(webhook_events.body(Event("p", ID, "pool_changed", "", {})))["data"] == {"pool_id": "p"}


def test_a_filter_holds_whole_words():
    text = webhook_events.filter_text(["enabled", "disabled", "enabled"])
    assert webhook_events.kinds_in(text) == ["disabled", "enabled"]
    assert webhook_events.takes(text, "enabled")
    assert not webhook_events.takes(text, "able")
    assert webhook_events.takes(webhook_events.filter_text([]), "anything")


def test_a_filter_of_nothing_takes_all_and_names_nothing():
    assert webhook_events.kinds_in(webhook_events.filter_text([])) == []


def test_during_a_rotation_either_key_verifies_and_no_other():
    keys = [SystemEntropy().bytes(webhook_signature.KEY_BYTES) for _ in range(3)]
    seconds = SystemClock().now() // 1000
    headers = webhook_signature.headers(keys[0], ID, seconds, b'{"a":1}', former=keys[1])
    for key in keys[:2]:
        assert Webhook(webhook_signature.key_text(key)).verify(b'{"a":1}', headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook_signature.key_text(keys[2])).verify(b'{"a":1}', headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(webhook_signature.key_text(keys[0])).verify(b'{"a":2}', headers)
