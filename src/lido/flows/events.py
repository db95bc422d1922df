"""Telling a fact: one typed event in the transaction that makes it true."""

from typing import Literal

import msgspec

from lido.call import Call
from lido.flows import audit, log_delivery
from lido.records import Event
from lido.storage import events, outbox
from lido.storage.database import Transaction

Kind = Literal[
    "pool_created",
    "pool_changed",
    "pool_deleted",
    "client_created",
    "client_changed",
    "client_deleted",
    "domain_created",
    "domain_changed",
    "domain_deleted",
    "resource_server_created",
    "resource_server_changed",
    "resource_server_deleted",
    "provider_created",
    "provider_changed",
    "provider_deleted",
    "group_created",
    "group_changed",
    "group_deleted",
    "group_joined",
    "group_left",
    "import_created",
    "import_uploaded",
    "import_started",
    "import_stopped",
    "import_finished",
    "signed_up",
    "user_created",
    "migrated",
    "imported",
    "invited",
    "confirmed",
    "signed_in",
    "authorized",
    "code_reused",
    "consent_given",
    "consent_withdrawn",
    "challenged",
    "refused",
    "signed_out",
    "token_revoked",
    "token_reused",
    "token_exchanged",
    "session_revoked",
    "password_changed",
    "password_reset_required",
    "code_sent",
    "attributes_changed",
    "attribute_verified",
    "alias_moved",
    "enabled",
    "disabled",
    "deleted",
    "keys_rotated",
    "unlocked",
    "passkey_added",
    "passkey_removed",
    "passkey_copied",
    "mfa_preference_changed",
    "authenticator_added",
    "authenticators_removed",
    "recovery_codes_made",
    "recovery_code_used",
    "device_confirmed",
    "device_remembered",
    "device_not_remembered",
    "device_forgotten",
    "identity_linked",
    "identity_unlinked",
    "password_disabled",
    "event_feedback_given",
    "network_refused",
]


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an event tells beside its kind; no secret and no attribute value ever. `v` is the form's version."""

    v: int = 1
    client_id: str | None = None
    operation: str | None = None
    reason: str | None = None
    names: list[str] | None = None
    medium: str | None = None
    session_id: str | None = None
    address: str | None = None
    agent: str | None = None
    operator: str | None = None
    actor: str | None = None


def tell(
    call: Call,
    tx: Transaction,
    pool_id: str,
    kind: Kind,
    sub: str = "",
    fact: Fact | None = None,
    *,
    event_id: str | None = None,
) -> str:
    """Write the event and return its id, which is made here unless tokens already carry it.

    Where and by whom it came is taken from the call.
    """
    event_id = event_id or call.entropy.time_ordered_id(call.now)
    complete = msgspec.structs.replace(
        fact or Fact(),
        address=call.address or None,
        agent=call.agent[:256] or None,
        operator=call.caller.access_key_id if call.caller else None,
    )
    body = msgspec.to_builtins(complete)
    event = Event(pool_id, event_id, kind, sub, body)
    if events.add(tx, event):
        outbox.add(tx, event)
    log_delivery.heard(call, tx, event)
    audit.note(call, pool_id, sub=sub, fact=kind, names=complete.names, ClientId=complete.client_id)
    return event_id
