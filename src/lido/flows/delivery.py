"""Messages to people: through which medium, in which words, and written into the outbox by the same transaction.

Sending is a worker's business; what is written here leaves later, in order, or stays to be read by `lido outbox`.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import codes, triggers, unknown_users, wording
from lido.flows.events import Fact, tell
from lido.records import Message, Pool, User
from lido.rules import messages as texts
from lido.rules import second_factors
from lido.rules.codes import mask_email, mask_phone
from lido.rules.custom_messages import Words
from lido.rules.usernames import LONGEST_NAME, fold, looks_like_email, looks_like_phone
from lido.shapes import idp
from lido.storage import messages
from lido.storage.database import Transaction

PURPOSE = "message"

Medium = Literal["EMAIL", "SMS"]
Attribute = Literal["email", "phone_number"]
Source = Literal[
    "SignUp",
    "ResendCode",
    "ForgotPassword",
    "UpdateUserAttribute",
    "VerifyUserAttribute",
    "AdminCreateUser",
    "Authentication",
]

MEDIA: dict[Attribute, Medium] = {"email": "EMAIL", "phone_number": "SMS"}
_SECOND_FACTORS: dict[Attribute, str] = {"email": "EMAIL_OTP", "phone_number": "SMS_MFA"}
_BY_PREFERENCE: tuple[Attribute, ...] = ("phone_number", "email")
_STATES: dict[int, Literal["waiting", "sent", "given up", "kept"]] = {
    messages.WAITING: "waiting",
    messages.SENT: "sent",
    messages.GIVEN_UP: "given up",
    messages.KEPT: "kept",
}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PLAIN_INVITATION = Words(texts.INVITATION_SMS, texts.INVITATION.body, texts.INVITATION.subject)


class Letter(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is sealed of a message: to whom, why, and its words. `text` is all of an SMS; an e-mail has both forms.

    `client_id`, `client_metadata` and `agent` (the caller's) are for a trigger that sends it itself.
    """

    to: str
    source: str
    subject: str
    text: str
    html: str = ""
    code: str = ""
    link: str = ""
    client_id: str | None = None
    client_metadata: dict[str, str] = {}
    agent: str = ""

    def __repr__(self) -> str:
        return "Letter(…)"


class Sent(msgspec.Struct, frozen=True):
    """A message as the outbox shows it; `sent_at` is None while it waits."""

    to: str
    medium: str
    source: str
    pool_id: str
    subject: str
    text: str
    html: str
    code: str
    link: str
    sent_at: int | None
    state: Literal["waiting", "sent", "given up", "kept"]

    def __repr__(self) -> str:
        return "Sent(…)"


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
    code = codes.make(call, tx, pool, user, purpose, attribute=attribute, destination=address, client_id=client_id)
    medium = MEDIA[attribute]
    letter = _verification(pool, medium, address, source, code, wording.require_asked(pool, medium, words))
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
    letter = _invitation(pool, medium, address, values, words)
    if letter is None and triggers.is_named(pool, wording.SENDERS[medium]):
        letter = _invitation(pool, medium, address, values, _PLAIN_INVITATION)
    if letter is None:
        return None
    letter = for_trigger(call, letter, None)
    send(call, tx, pool, user, medium, letter, expires_at=expires_at)
    return Delivery(attribute, medium, _mask(medium, address))


def for_trigger(call: Call, letter: Letter, client_id: str | None) -> Letter:
    """The letter with what a trigger that sends it itself is told beside it."""
    metadata = dict(call.client_metadata)
    return msgspec.structs.replace(letter, client_id=client_id, client_metadata=metadata, agent=call.agent)


def authentication(pool: Pool, medium: Medium, address: str, code: str, words: Words) -> Letter:
    """The pool's words, or its trigger's, around a code that signs somebody in, as first or as second factor."""
    settings, values = pool.settings, {"####": code}
    if medium == "SMS":
        given = settings.sms_mfa.sms_authentication_message if settings.sms_mfa else None
        template = words.sms or given or settings.shape.sms_authentication_message or texts.MFA_SMS
        return _sms(address, "Authentication", template, values)
    own = settings.email_mfa or idp.EmailMfaConfigType()
    subject = words.subject or own.subject or texts.MFA.subject
    body = words.email or own.message or texts.MFA.body
    return _email(address, "Authentication", subject, body, values)


def sign_in_link(address: str, link: str, code: str) -> Letter:
    """The words around a link that signs somebody in; `code` is what it carries as one, if it does."""
    words = texts.SIGN_IN_LINK
    body = texts.email_body(words.body, {}, link)
    plain = f"{texts.plain_text(body)}\n{link}"
    return Letter(address, "Authentication", words.subject, plain, html=body, code=code, link=link)


def mask(medium: Medium, address: str) -> str:
    """The address as somebody may see it who has not proven to be its owner."""
    return _mask(medium, address)


def send(
    call: Call, tx: Transaction, pool: Pool, user: User, medium: Medium, letter: Letter, *, expires_at: int
) -> None:
    """Write a message to be sent before `expires_at`."""
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
        ),
    )


def open_letter(call: Call, message: Message) -> Letter:
    """What a stored message says."""
    content = call.keys.open(PURPOSE, message.body, message.pool_id, message.id)
    return msgspec.json.decode(content, type=Letter)


def sent(call: Call, *, to: str | None = None, pool_id: str | None = None, limit: int = 1000) -> list[Sent]:
    """The newest messages of all pools, or of one, or those to one address, newest last: what `lido outbox` shows."""
    with call.db.read() as tx:
        found = [
            message
            for key in (codes.address_keys(call, to) if to else [None])
            for message in messages.page(tx, recipient_key=key, pool_id=pool_id, limit=limit)
        ]
    newest_last = sorted(found, key=lambda message: message.id)[-limit:]
    return [_shown(message, open_letter(call, message)) for message in newest_last]


def _shown(message: Message, letter: Letter) -> Sent:
    return Sent(
        to=letter.to,
        medium=message.medium,
        source=letter.source,
        pool_id=message.pool_id,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        code=letter.code,
        link=letter.link,
        sent_at=message.sent_at,
        state=_STATES[message.state],
    )


def _mask(medium: Medium, address: str) -> str:
    return mask_email(address) if medium == "EMAIL" else mask_phone(address)


def _verification(pool: Pool, medium: Medium, address: str, source: Source, code: str, words: Words) -> Letter:
    """The pool's words around a code. A link needs a domain of the pool: without one the code is what is sent."""
    shape, values = pool.settings.shape, {"####": code}
    given = shape.verification_message_template or idp.VerificationMessageTemplateType()
    if medium == "SMS":
        template = words.sms or given.sms_message or shape.sms_verification_message or texts.VERIFICATION_SMS
        return _sms(address, source, template, values)
    subject = words.subject or given.email_subject or shape.email_verification_subject or texts.VERIFICATION.subject
    body = words.email or given.email_message or shape.email_verification_message or texts.VERIFICATION.body
    return _email(address, source, subject, body, values)


def _invitation(pool: Pool, medium: Medium, address: str, values: dict[str, str], words: Words) -> Letter | None:
    config = pool.settings.shape.admin_create_user_config
    given = (config.invite_message_template if config else None) or idp.MessageTemplateType()
    if medium == "SMS":
        template = words.sms or given.sms_message or texts.INVITATION_SMS
        return _sms(address, "AdminCreateUser", template, values) if texts.has_code(template) else None
    subject = words.subject or given.email_subject or texts.INVITATION.subject
    body = words.email or given.email_message or texts.INVITATION.body
    return _email(address, "AdminCreateUser", subject, body, values) if texts.has_code(body) else None


def _sms(address: str, source: Source, template: str, values: dict[str, str]) -> Letter:
    return Letter(address, source, "", texts.sms(template, values), code=values["####"])


def _email(address: str, source: Source, subject: str, template: str, values: dict[str, str]) -> Letter:
    body = texts.email_body(template, values)
    heading = texts.subject(subject, values)
    return Letter(address, source, heading, texts.plain_text(body), html=body, code=values["####"])
