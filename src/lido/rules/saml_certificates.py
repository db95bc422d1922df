"""Certificates by which a pool shows itself to SAML providers: self-signed, since nothing but the key counts."""

import base64
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID

SERIAL_BYTES = 16
_LIFE = timedelta(days=3650)
_MARGIN = timedelta(minutes=5)  # of clocks that are behind
_LONGEST_NAME = 64  # X.520, ub-common-name


def self_signed(pkcs8: bytes, name: str, serial: bytes, now: int) -> str:
    """The certificate of an RSA key (PKCS #8 in DER) from `now` (ms) for ten years: base64 of DER, without armour.

    `serial` are 16 random bytes.
    """
    # Our own, and made just now: proving its primes again would take 30 ms.
    key = load_der_private_key(pkcs8, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the key is not RSA")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:_LONGEST_NAME])])
    begins = datetime.fromtimestamp(now / 1000, UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number((int.from_bytes(serial, "big") >> 1) or 1)
        .not_valid_before(begins - _MARGIN)
        .not_valid_after(begins + _LIFE)
        .sign(key, SHA256())
    )
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
