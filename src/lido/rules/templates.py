"""Words of messages beyond Cognito's: for each source, medium and language of a pool, in HTML and in plain text.

Languages are matched as RFC 4647 looks them up (section 3.4): `de-AT` finds `de-at`, else `de`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from lido.records import MessageTemplate
from lido.rules import messages

Source = Literal[
    "SignUp",
    "ResendCode",
    "ForgotPassword",
    "UpdateUserAttribute",
    "VerifyUserAttribute",
    "AdminCreateUser",
    "Authentication",
    "SignInLink",
]
"""Why a message is sent: the sources of CustomMessage, and our own links that sign in."""
SOURCES: tuple[Source, ...] = get_args(Source)

MOST = 200
MOST_CHARACTERS = 500_000
"""Of all templates of a pool together: they are read with its settings."""

_LANGUAGE = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8}){0,3}")
_LINKING = ("SignUp", "ResendCode", "SignInLink")
_NAMES = re.compile(r"\{([^{}]{0,200})\}")


class Filled(NamedTuple):
    """A message with its placeholders filled; `html` may be empty, an SMS has neither it nor a subject."""

    subject: str
    text: str
    html: str


def language(written: str) -> str:
    """A language as it is compared: `de_AT` is `de-at`; empty for what is none."""
    found = written.strip().lower().replace("_", "-")
    return found if _LANGUAGE.fullmatch(found) else ""


def find(
    templates: Sequence[MessageTemplate], source: str, medium: str, locale: str, default_language: str
) -> MessageTemplate | None:
    """The words for somebody of that `locale`, else those of the default language; None: Cognito's templates."""
    possible = {each.language: each for each in templates if each.source == source and each.medium == medium}
    if not possible:
        return None
    for tag in (*_ranges(language(locale)), *_ranges(language(default_language))):
        if tag in possible:
            return possible[tag]
    return None


def _ranges(tag: str) -> Iterator[str]:
    while tag:
        yield tag
        tag = tag.rpartition("-")[0]


def check(template: MessageTemplate) -> None:
    """Raise ValueError, with a sentence, for words that could not be sent or would say what they must not."""
    if template.source not in SOURCES:
        raise ValueError(f"There is no source {template.source}; there are {', '.join(SOURCES)}.")
    if not template.language or template.language != language(template.language):
        raise ValueError("A language is a tag such as de or pt-br.")
    if template.medium == "SMS":
        _check_sms(template)
    else:
        _check_email(template)
    for part in (template.subject, template.text, template.html):
        _check_places(part, template.source)


def _check_sms(template: MessageTemplate) -> None:
    if template.source == "SignInLink":
        raise ValueError("Links that sign in go by e-mail.")
    if template.subject or template.html or not 6 <= len(template.text) <= messages.LONGEST_SMS:
        raise ValueError(f"A text message is plain text of 6 to {messages.LONGEST_SMS} characters, without a subject.")
    if not messages.has_code(template.text):
        raise ValueError("The text has no place for the code, {####}.")


def _check_email(template: MessageTemplate) -> None:
    if not 1 <= len(template.subject) <= messages.LONGEST_SUBJECT or not template.subject.isprintable():
        raise ValueError(f"An e-mail has a subject of one line, 1 to {messages.LONGEST_SUBJECT} characters.")
    if messages.has_link(template.subject):
        raise ValueError("The subject has no place for a link.")
    parts = [part for part in (template.html, template.text) if part]
    if not parts or any(not 6 <= len(part) <= messages.LONGEST_EMAIL for part in parts):
        raise ValueError(f"An e-mail has HTML or plain text, each of 6 to {messages.LONGEST_EMAIL} characters.")
    linked = {messages.has_link(part) for part in parts}
    coded = {messages.has_code(part) for part in parts}
    if linked == {True} and coded == {False} and template.source in _LINKING:
        return
    if linked != {False}:
        raise ValueError("Links are for SignUp, ResendCode and SignInLink, in both forms and without a code.")
    if coded != {True} or template.source == "SignInLink":
        wanted = "link, {##words##}" if template.source == "SignInLink" else "code, {####}"
        raise ValueError(f"HTML or plain text has no place for the {wanted}.")


def _check_places(part: str, source: str) -> None:
    """Nothing but the code, a link and, where an operator chose it, the username: a stranger's words stay out."""
    for found in _NAMES.findall(part):
        is_link = found.startswith("##") and found.endswith("##") and len(found) > 4
        if found == "username" and source == "AdminCreateUser":
            continue
        if found != "####" and not is_link:
            raise ValueError(
                f"{{{found}}} is no placeholder here: those are {{####}}, {{##words##}}; {{username}} in invitations."
            )


def fill(template: MessageTemplate, values: Mapping[str, str], link: str = "") -> Filled:
    """The message. What has one form only gets the other: plain text from HTML, and no HTML from plain text."""
    if template.medium == "SMS":
        return Filled("", messages.sms(template.text, values), "")
    html = messages.email_body(template.html, values, link) if template.html else ""
    text = messages.plain(template.text, values, link) if template.text else messages.plain_from(html, link)
    return Filled(messages.subject(template.subject, values), text, html)
