"""The certificate to serve with: the one that the settings name, or one of a local authority."""

import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from click import ClickException

from lido.ports import local_authority
from lido.settings import Settings

FOLDER = "tls"


def authority_file(settings: Settings) -> Path:
    """The local authority's certificate, which clients are told to trust."""
    return Path(settings.data_dir) / FOLDER / local_authority.AUTHORITY


def with_certificate(settings: Settings, now: int, say: Callable[[str], None]) -> Settings:
    """The settings with the certificate's files in place; `--tls-dev` makes them. Raises ClickException."""
    if settings.tls_dev:
        folder = Path(settings.data_dir) / FOLDER
        host = urlsplit(settings.public_url).hostname or "localhost"
        chain, key = local_authority.provide(folder, host, now, suffix=settings.domain_suffix or "")
        authority = authority_file(settings).resolve()
        say(f"local authority: {authority}; clients trust it by NODE_EXTRA_CA_CERTS or AWS_CA_BUNDLE={authority}")
        return msgspec.structs.replace(settings, tls_cert=str(chain), tls_key=str(key), tls_dev=False)
    if settings.tls_cert and settings.tls_key:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(settings.tls_cert, settings.tls_key)
        except OSError as error:
            raise ClickException(
                f"The certificate {settings.tls_cert} with the key {settings.tls_key} cannot be used: "
                f"{error.strerror or error}."
            ) from error
    return settings
