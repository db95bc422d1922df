"""The words of messages: the trigger's, else the pool's own in the person's language, else its Cognito templates."""

from typing import Literal

import msgspec

from lido.flows import message_templates
from lido.records import Pool, User
from lido.rules import messages as texts
from lido.rules import templates
from lido.rules.custom_messages import Words
from lido.rules.templates import Source
from lido.shapes import idp

Medium = Literal["EMAIL", "SMS"]


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


def verification(
    pool: Pool, user: User, medium: Medium, address: str, source: Source, code: str, link: str, words: Words
) -> Letter:
    """The words around a code, or around a link that carries it."""
    shape, values = pool.settings.shape, {"####": code}
    own = _in_own_words(pool, user, source, medium, address, values, words, link)
    if own is not None:
        return own
    given = shape.verification_message_template or idp.VerificationMessageTemplateType()
    if medium == "SMS":
        template = words.sms or given.sms_message or shape.sms_verification_message or texts.VERIFICATION_SMS
        return _sms(address, source, template, values)
    if link:
        subject = words.subject or given.email_subject_by_link or texts.VERIFICATION_LINK.subject
        body = words.email or given.email_message_by_link
        body = body if body and texts.has_link(body) else texts.VERIFICATION_LINK.body
    else:
        subject = words.subject or given.email_subject or shape.email_verification_subject or texts.VERIFICATION.subject
        body = words.email or given.email_message or shape.email_verification_message or texts.VERIFICATION.body
    return _email(address, source, subject, body, values, link)


def invitation(
    pool: Pool, user: User, medium: Medium, address: str, values: dict[str, str], words: Words
) -> Letter | None:
    """The words around a temporary password; None where the pool's have no place for it."""
    own = _in_own_words(pool, user, "AdminCreateUser", medium, address, values, words)
    if own is not None:
        return own
    config = pool.settings.shape.admin_create_user_config
    given = (config.invite_message_template if config else None) or idp.MessageTemplateType()
    if medium == "SMS":
        template = words.sms or given.sms_message or texts.INVITATION_SMS
        return _sms(address, "AdminCreateUser", template, values) if texts.has_code(template) else None
    subject = words.subject or given.email_subject or texts.INVITATION.subject
    body = words.email or given.email_message or texts.INVITATION.body
    return _email(address, "AdminCreateUser", subject, body, values) if texts.has_code(body) else None


def authentication(pool: Pool, user: User, medium: Medium, address: str, code: str, words: Words) -> Letter:
    """The words around a code that signs somebody in, as first or as second factor."""
    settings, values = pool.settings, {"####": code}
    own = _in_own_words(pool, user, "Authentication", medium, address, values, words)
    if own is not None:
        return own
    if medium == "SMS":
        given = settings.sms_mfa.sms_authentication_message if settings.sms_mfa else None
        template = words.sms or given or settings.shape.sms_authentication_message or texts.MFA_SMS
        return _sms(address, "Authentication", template, values)
    templated = settings.email_mfa or idp.EmailMfaConfigType()
    subject = words.subject or templated.subject or texts.MFA.subject
    body = words.email or templated.message or texts.MFA.body
    return _email(address, "Authentication", subject, body, values)


def sign_in_link(pool: Pool, user: User | None, address: str, link: str, code: str) -> Letter:
    """The words around a link that signs somebody in; `code` is what it carries as one, if it does."""
    own = _in_own_words(pool, user, "SignInLink", "EMAIL", address, {"####": code}, Words(), link)
    if own is not None:
        return msgspec.structs.replace(own, source="Authentication")
    return _email(address, "Authentication", texts.SIGN_IN_LINK.subject, texts.SIGN_IN_LINK.body, {"####": code}, link)


def _in_own_words(
    pool: Pool,
    user: User | None,
    source: Source,
    medium: Medium,
    address: str,
    values: dict[str, str],
    words: Words,
    link: str = "",
) -> Letter | None:
    """The message in the pool's words for this user's language; None where it has none, or none with a place for it.

    What the pool's trigger says outweighs them.
    """
    if words.sms if medium == "SMS" else words.email or words.subject:
        return None
    template = message_templates.of(pool, user, source, medium)
    if template is None or texts.has_link(template.html or template.text) != bool(link):
        return None
    filled = templates.fill(template, values, link)
    return Letter(address, source, filled.subject, filled.text, html=filled.html, code=values["####"], link=link)


def _sms(address: str, source: Source, template: str, values: dict[str, str]) -> Letter:
    return Letter(address, source, "", texts.sms(template, values), code=values["####"])


def _email(address: str, source: Source, subject: str, template: str, values: dict[str, str], link: str = "") -> Letter:
    body = texts.email_body(template, values, link)
    heading = texts.subject(subject, values)
    plain = texts.plain_from(body, link)
    return Letter(address, source, heading, plain, html=body, code=values["####"], link=link)
