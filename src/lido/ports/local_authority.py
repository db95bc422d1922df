"""A certificate authority of this machine's own, for development: SDKs that insist on https get it.

Clients are told to trust `ca.pem`; nothing else on the machine does.
"""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lido.ports import files

AUTHORITY = "ca.pem"
_AUTHORITY_LIFE = timedelta(days=3650)
_SERVER_LIFE = timedelta(days=397)  # the longest that browsers and Apple's systems accept
_RENEW_BEFORE = timedelta(days=30)
_NAMES = ("localhost", "*.auth.localhost", "127.0.0.1", "::1")

_Issued = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def provide(folder: Path, host: str, now: int, *, suffix: str = "") -> tuple[Path, Path]:
    """The server's certificate and key for `host`, the names of this machine and those that end in `suffix`, made or
    renewed at `now` (ms).
    """
    files.make_private_folder(folder)
    moment = datetime.fromtimestamp(now / 1000, UTC)
    chain, key = folder / "server.pem", folder / "server.key"
    names = tuple(dict.fromkeys((*_NAMES, host, *([f"*.{suffix}"] if suffix else []))))
    authority = _read(folder / AUTHORITY, folder / "ca.key", moment)
    if authority is None:
        authority = _issue("Lido local authority", None, (), moment, _AUTHORITY_LIFE)
        _keep(authority, folder / AUTHORITY, folder / "ca.key")
    server = _read(chain, key, moment)
    if server is None or server[0].issuer != authority[0].subject or not _serves(server[0], authority[0], names):
        _keep(_issue(host, authority, names, moment, _SERVER_LIFE), chain, key)
    return chain, key


def _read(certificate: Path, key: Path, moment: datetime) -> _Issued | None:
    """What an earlier start has made; None when there is nothing, or it ends soon."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = load_pem_private_key(key.read_bytes(), None)
    except (OSError, ValueError):
        return None
    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != read.public_key():
        return None
    return (read, private) if read.not_valid_after_utc - _RENEW_BEFORE > moment else None


def _serves(certificate: x509.Certificate, authority: x509.Certificate, names: tuple[str, ...]) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, a new one is made
        return False
    listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(_alternatives(names)) <= set(listed)


def _keep(issued: _Issued, certificate: Path, key: Path) -> None:
    pem = issued[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    files.write_private(key, pem, replace=True)
    files.write_private(certificate, issued[0].public_bytes(Encoding.PEM).decode(), replace=True)


def _issue(name: str, authority: _Issued | None, names: tuple[str, ...], moment: datetime, life: timedelta) -> _Issued:
    """A certificate signed by the authority, or by itself when it is to be one (RFC 5280 section 4.2)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    issuer, signer = (authority[0].subject, authority[1]) if authority else (subject, key)
    is_authority = authority is None
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + life)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=0 if is_authority else None), critical=True)
        .add_extension(_usage(is_authority=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(signer, SHA256()), key


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(names: tuple[str, ...]) -> list[x509.GeneralName]:
    return [_alternative(name) for name in names]


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
