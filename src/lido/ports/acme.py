"""Certificates from an ACME directory (RFC 8555), by its http-01 challenge; the extra `acme` brings the library."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lido import silence
from lido.ports.clock import Clock

if TYPE_CHECKING:
    from acme import messages

PATIENCE_SECONDS = 120
"""How long the directory may take for one certificate."""
SEED_BYTES = 48
_ANSWER_SECONDS = 20
_ORDER_OF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Publish = Callable[[str, str], None]
"""Told a challenge's token and what must be found under it from then on."""


class NotIssued(Exception):
    """The directory gave no certificate; the message says why."""


class Issued(NamedTuple):
    """A certificate with its chain, and its key, in PEM."""

    chain: bytes
    key: bytes

    def __repr__(self) -> str:
        return "<Issued>"


class Authority(Protocol):
    """Gives certificates to whoever answers at a host."""

    def obtain(self, host: str, *, account_seed: bytes, key_seed: bytes, publish: Publish) -> Issued:
        """A certificate for the host under a key made from `key_seed`, 48 random bytes; the account's key is made from
        `account_seed`, always the same ones. Raises NotIssued.
        """
        ...


class Directory:
    """An ACME directory by its URL. `ca_file` holds the authority that it is trusted by instead of the system's."""

    def __init__(self, clock: Clock, url: str, *, contact: str | None, ca_file: str | None) -> None:
        try:
            import acme  # noqa: F401 - an extra that may be missing; better said now than at the first certificate
        except ImportError as error:
            raise RuntimeError("ACME needs its library: pip install 'lido-idp[acme]'") from error
        self._clock = clock
        self._url = url
        self._contact = contact
        self._ca_file = ca_file

    def obtain(self, host: str, *, account_seed: bytes, key_seed: bytes, publish: Publish) -> Issued:
        """As Authority."""
        from acme import errors as acme_errors
        from josepy import errors as jose_errors

        silence.refuse_if_open("Asking for a certificate")
        key = _key(key_seed)
        try:
            chain = self._order(_key(account_seed), _request(host, key), publish)
        except (acme_errors.Error, jose_errors.Error, OSError, ValueError) as trouble:
            raise NotIssued(" ".join(str(trouble).split())[:500] or type(trouble).__name__) from trouble
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Issued(chain.encode(), pem)

    def _order(self, account: ec.EllipticCurvePrivateKey, request: bytes, publish: Publish) -> str:
        from acme import client, errors, messages
        from josepy.jwa import ES256
        from josepy.jwk import JWKEC

        key = JWKEC(key=account)
        network = client.ClientNetwork(key, alg=ES256, user_agent="lido", timeout=_ANSWER_SECONDS)
        if self._ca_file is not None:
            network.verify_ssl = self._ca_file  # type: ignore[assignment]  # handed to requests, which takes a file too
        directory = client.ClientV2(client.ClientV2.get_directory(self._url, network), network)
        registration = messages.NewRegistration.from_data(email=self._contact, terms_of_service_agreed=True)
        try:
            directory.new_account(registration)
        except errors.ConflictError as known:
            network.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())
        order = directory.new_order(request)
        for authorization in order.authorizations:
            if authorization.body.status == messages.STATUS_VALID:
                continue
            challenge = _http_challenge(authorization)
            response, answer = challenge.chall.response_and_validation(key)
            publish(challenge.chall.encode("token"), answer)
            directory.answer_challenge(challenge, response)
        until = datetime.fromtimestamp(self._clock.now() / 1000, UTC) + timedelta(seconds=PATIENCE_SECONDS)
        # The library compares with the local time of a clock without a zone.
        finished = directory.poll_and_finalize(order, until.astimezone().replace(tzinfo=None))
        return str(finished.fullchain_pem)


def _http_challenge(authorization: "messages.AuthorizationResource") -> "messages.ChallengeBody":
    from acme import challenges

    for challenge in authorization.body.challenges:
        if isinstance(challenge.chall, challenges.HTTP01):
            return challenge
    raise ValueError("the directory offers no http-01 challenge")


def _key(seed: bytes) -> ec.EllipticCurvePrivateKey:
    """A P-256 key from surplus random bytes (FIPS 186-5 appendix A.2.1)."""
    return ec.derive_private_key(int.from_bytes(seed, "big") % (_ORDER_OF_P256 - 1) + 1, ec.SECP256R1())


def _request(host: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).add_extension(names, critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)
