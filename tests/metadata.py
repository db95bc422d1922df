"""Metadata of SAML identity providers, as they publish them, for tests."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.fakes import BEGINNING

_KEY = ec.generate_private_key(ec.SECP256R1())
SSO = '<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{0}" Location="{1}"/>'
SLO = '<SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{0}" Location="{1}"/>'
REDIRECT = SSO.format("Redirect", "https://idp.example.com/sso")


def certificate(*, days: int = 365) -> str:
    """A signing certificate, base64 of DER, that ends so many days from the tests' beginning."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example.com")])
    now = datetime.fromtimestamp(BEGINNING / 1000, UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1000))
        .not_valid_after(now + timedelta(days=days))
        .sign(_KEY, SHA256())
    )
    return base64.b64encode(built.public_bytes(Encoding.DER)).decode()


CERTIFICATE = certificate()


def key(text: str = CERTIFICATE, use: str = ' use="signing"') -> str:
    """A KeyDescriptor with that certificate."""
    data = f"<ds:X509Data><ds:X509Certificate>\n  {text}\n</ds:X509Certificate></ds:X509Data>"
    return f"<KeyDescriptor{use}><ds:KeyInfo>{data}</ds:KeyInfo></KeyDescriptor>"


def metadata(*services: str, keys: str | None = None, entity: str = "https://idp.example.com/saml") -> str:
    """An EntityDescriptor of an identity provider with those services; by default one for sign-in by redirect."""
    inside = (key() if keys is None else keys) + "".join(services or (REDIRECT,))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" '
        f'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity}">'
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f"{inside}</IDPSSODescriptor></EntityDescriptor>"
    )
