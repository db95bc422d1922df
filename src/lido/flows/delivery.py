"""Messages to people: through which medium, in which words, and written into the outbox by the same transaction.

Sending is a worker's business; what is written here leaves later, in order, or stays to be read by `lido outbox`.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import codes, domains, letters, triggers, unknown_users, wording
from lido.flows.events import Fact, tell
from lido.flows.letters import Letter as Letter
from lido.flows.letters import Medium as Medium
from lido.records import Message, Pool, User
from lido.rules import confirmation_links, second_factors
from lido.rules import messages as texts
from lido.rules.codes import mask_email, mask_phone
from lido.rules.custom_messages import Words
from lido.rules.templates import Source as Source
from lido.rules.usernames import LONGEST_NAME, fold, looks_like_email, looks_like_phone
from lido.shapes import idp
from lido.storage import messages
from lido.storage.database import Transaction

PURPOSE = "message"

Attribute = Literal["email", "phone_number"]
MEDIA: dict[Attribute, Medium] = {"email": "EMAIL", "phone_number": "SMS"}
_SECOND_FACTORS: dict[Attribute, str] = {"email": "EMAIL_OTP", "phone_number": "SMS_MFA"}
_BY_PREFERENCE: tuple[Attribute, ...] = ("phone_number", "email")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PLAIN_INVITATION = Words(texts.INVITATION_SMS, texts.INVITATION.body, texts.INVITATION.subject)


class Delivery(msgspec.Struct, frozen=True):
    """Where something was sent, as its recipient may be told; `destination` is masked."""

    attribute: str
    medium: Medium
    destination: str

    def details(self) -> idp.CodeDeliveryDetailsType:
        """The same as the wire has it."""
        return idp.CodeDeliveryDetailsType(
            destination=self.destination, delivery_medium=self.medium, attribute_name=self.attribute
        )


def address_of(user: User, attribute: Attribute) -> str | None:
    """The user's e-mail address or phone number."""
    return user.email if attribute == "email" else user.phone_number


def is_verified(user: User, attribute: Attribute) -> bool:
    """Whether the user has proven that address."""
    return user.email_verified if attribute == "email" else user.phone_verified


def confirming_attributes(pool: Pool) -> Sequence[Attribute]:
    """Which attributes the pool verifies by itself, the first choice first."""
    verified = pool.settings.shape.auto_verified_attributes or ()
    return [attribute for attribute in _BY_PREFERENCE if attribute in verified]


def to_confirm(pool: Pool, user: User) -> Attribute | None:
    """The attribute that a sign-up code for this user goes to, SMS before e-mail; None where there is none."""
    return next((attribute for attribute in confirming_attributes(pool) if address_of(user, attribute)), None)


def recovery_attributes(pool: Pool) -> Sequence[Attribute]:
    """Which attributes a reset code may go to, in the pool's order; none where only administrators reset passwords."""
    setting = pool.settings.shape.account_recovery_setting
    given = sorted((setting.recovery_mechanisms or ()) if setting else (), key=lambda option: option.priority)
    if not given:
        return _BY_PREFERENCE
    names: dict[str, Attribute] = {"verified_email": "email", "verified_phone_number": "phone_number"}
    return [names[option.name] for option in given if option.name in names]


def likely(pool: Pool, attributes: Sequence[Attribute]) -> Sequence[Attribute]:
    """Those that people of the pool have mostly verified: no phone numbers where the pool sends no SMS."""
    if pool.settings.shape.sms_configuration is not None:
        return attributes
    return [attribute for attribute in attributes if attribute != "phone_number"] or attributes


def to_recover(pool: Pool, user: User) -> Attribute | None:
    """The attribute that a reset code for this user goes to: the first allowed one that is verified; or None.

    What receives the codes of the second factor must not give the first one too.
    """
    taken = second_factors.active(pool.settings, user)
    possible = (attribute for attribute in recovery_attributes(pool) if _SECOND_FACTORS[attribute] not in taken)
    return next((attribute for attribute in possible if is_verified(user, attribute)), None)


def simulated(call: Call, pool: Pool, name: str, attributes: Sequence[Attribute]) -> Delivery:
    """What somebody who asks for a code for nobody is told: always the same for one name, in all its spellings.

    `attributes` are those that the pool would use; a name that is itself an address is what would be masked.
    """
    name = name[:LONGEST_NAME]
    chance = unknown_users.digest(call, "delivery", pool.pool_id, fold(name, pool.folding))
    possible = list(attributes) or ["email"]
    if looks_like_email(name) and "email" in possible:
        return Delivery("email", "EMAIL", mask_email(name))
    if looks_like_phone(name) and "phone_number" in possible:
        return Delivery("phone_number", "SMS", mask_phone(name))
    if possible[chance[0] % len(possible)] == "email":
        local, domain = (_LETTERS[chance[at] % len(_LETTERS)] for at in (1, 2))
        return Delivery("email", "EMAIL", mask_email(f"{local}@{domain}"))
    number = int.from_bytes(chance[3:11], "big") % 10_000
    return Delivery("phone_number", "SMS", mask_phone(f"+{number:04}"))


def send_code(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    *,
    source: Source,
    purpose: str,
    attribute: Attribute,
    address: str,
    client_id: str | None,
    words: Words | None,
) -> Delivery:
    """Make a code for `purpose`, write it to `address`, tell the event; within the caller's write transaction.

    Whether it may be asked for again was counted before (`codes.ask`), and what the pool's trigger says (`words`) was
    asked for. Raises UnexpectedLambda where it was not.
    """
    medium = MEDIA[attribute]
    by_link = confirmation_links.are_sent(pool, source, medium)
    code = codes.make(
        call,
        tx,
        pool,
        user,
        purpose,
        attribute=attribute,
        destination=address,
        client_id=client_id,
        for_link=by_link,
    )
    link = ""
    if by_link:
        link = confirmation_links.make(domains.address(call, tx, pool), client_id or "", user.username, code)
    said = wording.require_asked(pool, medium, words)
    letter = letters.verification(pool, user, medium, address, source, code, link, said)
    letter = for_trigger(call, letter, client_id)
    send(call, tx, pool, user, medium, letter, expires_at=codes.expires_at(call, purpose))
    fact = Fact(client_id=client_id, names=[attribute], medium=medium, reason=source)
    tell(call, tx, pool.pool_id, "code_sent", user.sub, fact)
    return Delivery(attribute, medium, _mask(medium, address))


def send_invitation(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    *,
    attribute: Attribute,
    password: str,
    expires_at: int,
    words: Words | None,
) -> Delivery | None:
    """Write the temporary password to one address of a user whom an operator made.

    None, and nothing is sent, where the pool's template has no place for the password; a sender of the pool's own needs
    no template. Raises UnexpectedLambda where the pool's trigger was not asked for its words.
    """
    address, medium = address_of(user, attribute), MEDIA[attribute]
    if address is None:
        raise errors.InvalidParameter(f"User has no {attribute} attribute to deliver the message to.")
    values = {"####": password, "username": user.username}
    words = wording.require_asked(pool, medium, words)
    letter = letters.invitation(pool, user, medium, address, values, words)
    if letter is None and triggers.is_named(pool, wording.SENDERS[medium]):
        letter = letters.invitation(pool, user, medium, address, values, _PLAIN_INVITATION)
    if letter is None:
        return None
    letter = for_trigger(call, letter, None)
    send(call, tx, pool, user, medium, letter, expires_at=expires_at, can_wait=True)
    return Delivery(attribute, medium, _mask(medium, address))


def for_trigger(call: Call, letter: Letter, client_id: str | None) -> Letter:
    """The letter with what a trigger that sends it itself is told beside it."""
    metadata = dict(call.client_metadata)
    return msgspec.structs.replace(letter, client_id=client_id, client_metadata=metadata, agent=call.agent)


def mask(medium: Medium, address: str) -> str:
    """The address as somebody may see it who has not proven to be its owner."""
    return _mask(medium, address)


def send(
    call: Call,
    tx: Transaction,
    pool: Pool,
    user: User,
    medium: Medium,
    letter: Letter,
    *,
    expires_at: int,
    can_wait: bool = False,
) -> None:
    """Write a message to be sent before `expires_at`; what `can_wait` leaves after the pool's others."""
    message_id = call.entropy.time_ordered_id(call.now)
    messages.add(
        tx,
        Message(
            pool_id=pool.pool_id,
            id=message_id,
            sub=user.sub,
            medium=medium,
            recipient_key=codes.address_key(call, letter.to),
            body=call.keys.seal(PURPOSE, msgspec.json.encode(letter), pool.pool_id, message_id),
            state=messages.WAITING,
            attempts=0,
            next_at=call.now,
            leased_until=0,
            expires_at=expires_at,
            sent_at=None,
            last_error=None,
            can_wait=can_wait,
        ),
    )


def open_letter(call: Call, message: Message) -> Letter:
    """What a stored message says."""
    content = call.keys.open(PURPOSE, message.body, message.pool_id, message.id)
    return msgspec.json.decode(content, type=Letter)


def _mask(medium: Medium, address: str) -> str:
    return mask_email(address) if medium == "EMAIL" else mask_phone(address)
