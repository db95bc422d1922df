"""The key pairs that a pool shows to SAML providers: its own, to sign with, and one for each provider, to read with."""

from typing import NamedTuple

from lido.call import Call
from lido.flows import access
from lido.rules.saml_certificates import SERIAL_BYTES, self_signed
from lido.storage import saml_certificates
from lido.storage.saml_certificates import SAMLCertificate

PURPOSE = "SAML signing key"


class KeyPair(NamedTuple):
    """A private key, PKCS #8 in DER, and its certificate, base64 of DER."""

    private_key: bytes
    certificate: str

    def __repr__(self) -> str:
        return "KeyPair(…)"


def make(call: Call, name: str) -> KeyPair:
    """A new RSA key and its certificate for ten years. Slow, so it runs outside of any transaction."""
    key = call.entropy.rsa_key()
    return KeyPair(key, self_signed(key, name, call.entropy.bytes(SERIAL_BYTES), call.now))


def for_pool(call: Call, pool_id: str) -> SAMLCertificate:
    """A new pool's, its key sealed; not yet stored. Slow, as `make`."""
    made = make(call, pool_id)
    return SAMLCertificate(pool_id, made.certificate, call.keys.seal(PURPOSE, made.private_key, pool_id), call.now)


def of_pool(call: Call, pool_id: str) -> str:
    """The pool's certificate, base64 of DER. Raises ResourceNotFound.

    A pool is born with one; those that are older than that get theirs when somebody first asks.
    """
    with call.db.read() as tx:
        pool = access.require_pool(call, tx, pool_id)
        found = saml_certificates.find(tx, pool.pool_id)
    if found is not None:
        return found.certificate
    made = for_pool(call, pool_id)
    with call.db.write() as tx:
        access.lock_pool(call, tx, pool_id)
        # Whoever else asked meanwhile was first, or finds this one.
        saml_certificates.add(tx, made)
        found = saml_certificates.find(tx, pool_id)
    if found is None:
        raise LookupError("the certificate was not kept")
    return found.certificate
