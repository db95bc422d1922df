"""Texts of e-mails and SMS: Cognito's default templates and how a placeholder becomes its value.

Substitution is one pass over the template. A value is never read again as a
template and cannot begin a header.
"""

import html
import re
from collections.abc import Mapping
from typing import NamedTuple

LONGEST_SUBJECT = 140
LONGEST_EMAIL = 20_000
LONGEST_SMS = 140
LONGEST_VALUE = 2048


class Template(NamedTuple):
    """The subject and body of an e-mail."""

    subject: str
    body: str


VERIFICATION = Template("Your verification code", "Your verification code is {####}. ")
VERIFICATION_LINK = Template(
    "Your verification link", "Please click the link below to verify your email address. {##Verify Email##}"
)
INVITATION = Template("Your temporary password", "Your username is {username} and temporary password is {####}. ")
VERIFICATION_SMS = "Your verification code is {####}. "
INVITATION_SMS = "Your username is {username} and temporary password is {####}. "
SIGN_IN_LINK = Template("Your sign-in link", "Please click the link below to sign in. {##Sign In##}")
MFA_SMS = "Your authentication code is {####}. "
MFA = Template("Your authentication code", "Your authentication code is {####}. ")

_PLACE = re.compile(r"\{(?:(####)|##([^{}#]{1,200})##|([a-z-]{1,32}))\}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_CONTROL_BUT_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]+")


def subject(template: str, values: Mapping[str, str]) -> str:
    """A subject with its placeholders filled: one line, no control characters, at most 140 code points."""
    return _CONTROL.sub(" ", _fill(template, values, link="", escaped=False)).strip()[:LONGEST_SUBJECT]


def email_body(template: str, values: Mapping[str, str], link: str = "") -> str:
    """An HTML body with its placeholders filled.

    `values` by the placeholder's name (`####`, `username`, `city`); they are text,
    so markup in them is escaped. `link` is the target of `{##words##}`. A
    placeholder without a value stays as it stands.
    """
    return _CONTROL_BUT_LINES.sub("", _fill(template[:LONGEST_EMAIL], values, link, escaped=True))


def plain(template: str, values: Mapping[str, str], link: str = "") -> str:
    """A body of plain text with its placeholders filled; `{##words##}` becomes the words and the link itself."""
    return _CONTROL_BUT_LINES.sub("", _fill(template[:LONGEST_EMAIL], values, link, escaped=False))


def plain_from(body: str, link: str = "") -> str:
    """The plain form of an HTML body that was filled: its words, and the link, which a tag held, in a line below."""
    return "\n".join(filter(None, (plain_text(body), link)))


def sms(template: str, values: Mapping[str, str]) -> str:
    """An SMS with its placeholders filled: one line, no control characters."""
    return _CONTROL.sub(" ", _fill(template[:LONGEST_SMS], values, link="", escaped=False))


def has_code(template: str) -> bool:
    """Has the template a place for the code or temporary password?"""
    return "{####}" in template


def has_link(template: str) -> bool:
    """Has the template a place for a link?"""
    return any(match[2] for match in _PLACE.finditer(template))


def _fill(template: str, values: Mapping[str, str], link: str, *, escaped: bool) -> str:
    def value(match: re.Match[str]) -> str:
        code, words, name = match.groups()
        if words is not None:
            if not link:
                return match[0]
            return f'<a href="{html.escape(link)}">{words}</a>' if escaped else f"{words}: {link}"
        found = values.get(code or name)
        if found is None:
            return match[0]
        cut = found[:LONGEST_VALUE]
        return html.escape(cut) if escaped else cut

    return _PLACE.sub(value, template[:LONGEST_EMAIL])


_TAG = re.compile(r"<[^<>]{0,2000}>")


def plain_text(body: str) -> str:
    """What is left of an HTML body without its tags: the plain form of an e-mail, read by people and outboxes."""
    return html.unescape(_TAG.sub("", body)).strip()
