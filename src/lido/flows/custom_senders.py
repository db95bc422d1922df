"""Messages that a pool sends itself: its code, encrypted for the pool's key, handed to the pool's own trigger.

As on AWS this goes on beside whatever asked for the message: no flow waits for it or fails by it, and the answer is
nobody's business.
"""

from html import escape

import msgspec
from msgspec.structs import replace

from lido.call import Call
from lido.flows import trigger_targets, triggers, wording
from lido.flows.delivery import Letter
from lido.ports import kms
from lido.ports.kms import KMS
from lido.ports.mail import Undeliverable
from lido.ports.triggers import carrier
from lido.records import Message, Pool, User
from lido.rules import custom_messages, trigger_events
from lido.rules.trigger_events import Event
from lido.storage import users

_ADDRESSES = {"EMAIL": ("email", "email_verified"), "SMS": ("phone_number", "phone_number_verified")}
LEASE_MS = 90_000
"""Longer than handing over one message takes: 5 s for the key and at most 60 s for the function."""


def is_named(pool: Pool | None, medium: str) -> bool:
    """Whether messages of that medium are the pool's own to send."""
    return pool is not None and triggers.is_named(pool, wording.SENDERS[medium])


def send(call: Call, service: KMS | None, pool: Pool, message: Message, letter: Letter) -> None:
    """Hand a message to the pool's trigger, in one attempt. Raises Undeliverable."""
    trigger = wording.SENDERS[message.medium]
    arn = triggers.arn_of(pool, trigger)
    if arn is None:
        raise Undeliverable("the pool has no sender any more", transient=True)
    with call.db.read() as tx:
        user = users.find(tx, pool.pool_id, message.sub) if message.sub else None
    if user is None:
        raise Undeliverable("the user was deleted", transient=False)
    event = _event(pool, user, message.medium, letter, _encrypted(service, pool, letter))
    whole = trigger_events.envelope(event, region=pool.region, pool_id=pool.pool_id, agent=letter.agent)
    target = replace(trigger_targets.target(call, arn), attempts=1)
    try:
        call.triggers.invoke(target, trigger, msgspec.json.encode(whole), pool.pool_id)
    except carrier.Unrecognizable:
        return
    except carrier.Raised:  # its text may hold the code
        raise Undeliverable(f"{trigger} raised an error", transient=True) from None
    except carrier.NotInvocable as trouble:
        raise Undeliverable(f"{trigger} was not invoked: {trouble.exception_name}", transient=True) from None
    except carrier.Failure as trouble:
        raise Undeliverable(f"{trigger} gave no answer: {type(trouble).__name__}", transient=True) from None


def _encrypted(service: KMS | None, pool: Pool, letter: Letter) -> str:
    config = pool.settings.shape.lambda_config
    if service is None:
        raise Undeliverable("no kms_endpoint is set", transient=True)
    if config is None or config.kms_key_id is None:
        raise Undeliverable("the pool has no KMSKeyID", transient=True)
    try:
        return service.encrypt(_secret(letter), key_arn=config.kms_key_id, context={"userpool-id": pool.pool_id})
    except kms.Unencryptable as trouble:
        raise Undeliverable(str(trouble), transient=True) from None


def _secret(letter: Letter) -> str:
    """What the message is for. Functions expect temporary passwords as HTML holds them."""
    return escape(letter.code) if letter.source == "AdminCreateUser" else letter.link or letter.code


def _event(pool: Pool, user: User, medium: str, letter: Letter, code: str) -> Event:
    told = trigger_events.attributes(pool, user)
    address, verified = _ADDRESSES[medium]
    if told.get(address) != letter.to:  # an address that is being verified is where the message must go
        told |= {address: letter.to, verified: "false"}
    return custom_messages.custom_sender(
        "EMAIL" if medium == "EMAIL" else "SMS",
        letter.source,
        user.username,
        letter.client_id,
        told,
        code,
        letter.client_metadata,
    )
