"""TLS certificates: what a chain and its key are good for (RFC 5280, RFC 6125)."""

from itertools import pairwise
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_LEAST_RSA_BITS = 2048  # what OpenSSL serves
_DER = Encoding.DER, PublicFormat.SubjectPublicKeyInfo


class Examined(NamedTuple):
    """What a certificate says: the hosts that it names, lower-case, and its end, milliseconds since 1970.

    `chain` and `key` are the two in PEM, and nothing else that their files held.
    """

    names: list[str]
    not_after: int
    chain: str
    key: str

    def __repr__(self) -> str:
        return f"<Examined {', '.join(self.names)}>"


def examine(chain: bytes, key: bytes, now: int) -> Examined:
    """A chain in PEM, the host's certificate first, and its private key. Raises ValueError with a sentence.

    Whether clients trust the last of the chain is theirs to say.
    """
    try:
        certificates = x509.load_pem_x509_certificates(chain)
    except ValueError:
        raise ValueError("There is no certificate in PEM.") from None
    try:
        private = load_pem_private_key(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("There is no private key in PEM without a password.") from None
    own = certificates[0]
    if private.public_key().public_bytes(*_DER) != own.public_key().public_bytes(*_DER):
        raise ValueError("The key is not that of the first certificate.")
    if isinstance(private, RSAPrivateKey) and private.key_size < _LEAST_RSA_BITS:
        raise ValueError(f"An RSA key must have {_LEAST_RSA_BITS} bits or more.")
    _require_chain(certificates)
    not_after = int(own.not_valid_after_utc.timestamp() * 1000)
    if not int(own.not_valid_before_utc.timestamp() * 1000) <= now < not_after:
        raise ValueError("The certificate is not valid today.")
    return Examined(
        _names(own),
        not_after,
        "".join(each.public_bytes(Encoding.PEM).decode() for each in certificates),
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    )


def covers(names: list[str], host: str) -> bool:
    """Whether a certificate with these names is one for the host; a `*` stands for the first label alone."""
    return host in names or wildcard(host) in names


def wildcard(host: str) -> str:
    """The name with a `*` that a host falls under."""
    return f"*.{host.partition('.')[2]}"


def _require_chain(certificates: list[x509.Certificate]) -> None:
    for one, above in pairwise(certificates):
        try:
            one.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            raise ValueError("Each certificate must be followed by the one that signed it.") from None


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        listed = x509.SubjectAlternativeName([])
    names = [name.lower() for name in listed.get_values_for_type(x509.DNSName)]
    if not names:
        raise ValueError("The certificate names no host (subjectAltName).")
    return names
