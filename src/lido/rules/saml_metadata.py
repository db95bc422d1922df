"""SAML metadata of an identity provider (saml-metadata-2.0-os), read from text that nobody vouches for.

A document type, and with it every entity, is refused at its first letter (CVE-2003-1564 and its kin), and the text,
its depth and the number of its elements are bounded.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.parsers import expat

from cryptography import x509

LONGEST = 1 << 20
"""Characters of metadata that are looked at."""

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_ENTITY, _ROLE = f"{_MD} EntityDescriptor", f"{_MD} IDPSSODescriptor"
_KEY, _CERTIFICATE = f"{_MD} KeyDescriptor", f"{_DS} X509Certificate"
_SSO, _SLO = f"{_MD} SingleSignOnService", f"{_MD} SingleLogoutService"
_DEEPEST, _MOST_ELEMENTS, _LONGEST_CERTIFICATE, _LONGEST_ENTITY = 64, 10_000, 4096, 1024
_MOST_CERTIFICATES = 20


class Invalid(ValueError):
    """The metadata are not usable; the message says why."""


class Metadata(NamedTuple):
    """What a sign-in needs to know of the provider; `certificates` are base64 of DER, to verify signatures with."""

    entity_id: str
    sso_url: str
    slo_url: str | None
    certificates: tuple[str, ...]


def read(text: str, now: int) -> Metadata:
    """The metadata in that text, as they count at `now` (ms). Raises Invalid."""
    if len(text) > LONGEST:
        raise Invalid("the document is too long")
    reader = _Reader()
    reader.read(text)
    if not reader.entity_id:
        raise Invalid("there is no IDPSSODescriptor in it")
    if reader.sso_url is None:
        raise Invalid("there is no SingleSignOnService with the HTTP-Redirect binding in it")
    if not reader.certificates:
        raise Invalid("there is no signing certificate in it")
    for url in (reader.sso_url, reader.slo_url):
        _check_url(url)
    for certificate in reader.certificates:
        _check_certificate(certificate, now)
    return Metadata(reader.entity_id, reader.sso_url, reader.slo_url, tuple(reader.certificates))


class _Reader:
    """Remembers what it meets within the first entity that is an identity provider."""

    def __init__(self) -> None:
        self.entity_id = ""
        self.sso_url: str | None = None
        self.slo_url: str | None = None
        self.certificates: list[str] = []
        self._path: list[str] = []
        self._seen = 0
        self._entity = ""
        self._signs = False
        self._text: list[str] | None = None
        self._is_over = False

    def read(self, text: str) -> None:
        parser = expat.ParserCreate("utf-8", " ")
        parser.StartDoctypeDeclHandler = _refuse_types
        parser.EntityDeclHandler = _refuse_types
        parser.StartElementHandler = self._begin
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._hear
        try:
            parser.Parse(text.encode(), True)
        except (expat.ExpatError, UnicodeEncodeError):
            raise Invalid("it is not well-formed XML") from None

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(name)
        self._seen += 1
        if len(self._path) > _DEEPEST or self._seen > _MOST_ELEMENTS:
            raise Invalid("the document is too large")
        if name == _ENTITY:
            self._entity = attributes.get("entityID", "")
        elif name == _ROLE and not self.entity_id and self._path[-2:-1] == [_ENTITY]:
            self._take_entity()
        elif self._is_in_role:
            self._begin_in_role(name, attributes)

    def _take_entity(self) -> None:
        if not 0 < len(self._entity) <= _LONGEST_ENTITY:
            raise Invalid("the EntityDescriptor has no usable entityID")
        self.entity_id = self._entity

    @property
    def _is_in_role(self) -> bool:
        return bool(self.entity_id) and not self._is_over and _ROLE in self._path

    def _begin_in_role(self, name: str, attributes: dict[str, str]) -> None:
        if name == _KEY:
            self._signs = attributes.get("use", "signing") == "signing"
        elif name == _CERTIFICATE and self._signs and _KEY in self._path:
            self._text = []
        elif attributes.get("Binding") != _REDIRECT:
            return
        elif name == _SSO:
            self.sso_url = self.sso_url or attributes.get("Location", "")
        elif name == _SLO:
            self.slo_url = self.slo_url or attributes.get("Location", "")

    def _end(self, name: str) -> None:
        self._path.pop()
        if name == _CERTIFICATE and self._text is not None:
            self.certificates.append("".join("".join(self._text).split()))
            self._text = None
            if len(self.certificates) > _MOST_CERTIFICATES:
                raise Invalid("there are too many certificates in it")
        elif name == _ROLE and self.entity_id:
            self._is_over = True

    def _hear(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def _refuse_types(*_: object) -> None:
    raise Invalid("a document type is not allowed in it")


def _check_url(url: str | None) -> None:
    if url is None:
        return
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("https", "http") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid("the Location of a service is not a valid URL")


def _check_certificate(certificate: str, now: int) -> None:
    if len(certificate) > _LONGEST_CERTIFICATE:
        raise Invalid(f"a certificate has more than {_LONGEST_CERTIFICATE} characters")
    try:
        found = x509.load_der_x509_certificate(base64.b64decode(certificate, validate=True))
        ends_at = found.not_valid_after_utc
    except (binascii.Error, ValueError):
        raise Invalid("a certificate cannot be read") from None
    if ends_at <= datetime.fromtimestamp(now / 1000, UTC):
        raise Invalid("a signing certificate has expired")
