"""Which certificate a client is shown: by the host that it names as it connects (SNI, RFC 6066 section 3)."""

import ssl
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from lido import silence
from lido.ports.entropy import Entropy


class Contexts:
    """The certificates of this process by host. `choose` is called on the event loop, `replace` from any thread."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._by_name: dict[str, ssl.SSLContext] = {}

    def replace(self, certificates: Iterable[tuple[list[str], str, str]]) -> list[str]:
        """Show these from now on: names, chain and key in PEM; of two with the same name the later one.

        The names of those that OpenSSL cannot use, which are left out.
        """
        by_name: dict[str, ssl.SSLContext] = {}
        unusable: list[str] = []
        for names, chain, key in certificates:
            try:
                context = self._context(chain, key)
            except (ssl.SSLError, ValueError):
                unusable += names
            else:
                by_name |= dict.fromkeys(names, context)
        self._by_name = by_name
        return unusable

    def choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        """What Python calls when a client said whom it wants (`SSLContext.sni_callback`); else the default stays."""
        host = (name or "").lower().removesuffix(".")
        context = self._by_name.get(host) or self._by_name.get(f"*.{host.partition('.')[2]}")
        if context is not None:
            connection.context = context

    def _context(self, chain: str, key: str) -> ssl.SSLContext:
        """OpenSSL reads files alone: the key is in one only under a password, which nobody else ever sees."""
        silence.refuse_if_open("Writing a file")
        password = self._entropy.bytes(32).hex().encode()
        locked = load_pem_private_key(key.encode(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            chain_file, key_file = Path(folder) / "chain.pem", Path(folder) / "key.pem"
            chain_file.write_text(chain, "ascii")
            key_file.write_bytes(locked)
            context.load_cert_chain(chain_file, key_file, password)
        return context
