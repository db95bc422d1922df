"""What `lido doctor` looks at: settings, data directory, database, master key, clock. It changes nothing."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from click import ClickException

from lido import assembly, errors
from lido.cli import credentials, installation, master_key_file
from lido.ports import kms
from lido.ports.clock import SystemClock
from lido.settings import Settings, describe, load, unknown_variables

_ODD_YEARS = (1_767_225_600_000, 4_102_444_800_000)  # 2026 to 2100


class Finding(NamedTuple):
    """One thing that was looked at; `fault` says what to do about it, None when it is well."""

    about: str
    state: str
    fault: str | None = None


def in_force(settings: Settings) -> Iterator[str]:
    """Every setting and its value, secrets masked; a star before what is not the default."""
    usual = load({}, {})
    for row in describe():
        value = getattr(settings, row.name)
        shown = ",".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
        if row.name == "database":
            shown = installation.describe_database(settings)
        elif row.secret and value:
            shown = "(set)"
        star = " " if value == getattr(usual, row.name) else "*"
        yield f"{star} {row.name:<24} {shown}".rstrip()


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, in the order in which a start would meet it."""
    unknown = unknown_variables()
    yield Finding(
        "variables",
        ", ".join(unknown) or "every LIDO_… variable is a setting",
        "No setting has that name; look for a misspelling." if unknown else None,
    )
    yield _public_url(settings)
    yield _clock()
    if settings.kms_endpoint is not None:
        missing = None if kms.is_installed() else "Codes for custom senders need it: pip install 'lido-idp[kms]'."
        yield Finding("kms_endpoint", settings.kms_endpoint, missing)
    yield from _files(settings)
    yield from _database(settings)


def _public_url(settings: Settings) -> Finding:
    parts = urlsplit(settings.public_url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    here = parts.hostname in ("localhost", "127.0.0.1", "::1")
    encrypted = bool(settings.tls_dev or settings.tls_cert)
    fault = None
    if here and port != settings.port:
        fault = f"It says port {port}, but the server listens on {settings.port}."
    elif here and (parts.scheme == "https") != encrypted:
        fault = "It is https without a certificate." if not encrypted else "It is http, but the server serves https."
    elif parts.scheme == "http" and not here:
        fault = "Passwords travel unencrypted to another machine; use https, here or at a proxy."
    return Finding("public_url", settings.public_url, fault)


def _clock() -> Finding:
    now = SystemClock().now()
    odd = not _ODD_YEARS[0] <= now < _ODD_YEARS[1]
    return Finding("clock", f"{now} ms since 1970", "Tokens and signatures need the right time." if odd else None)


def _files(settings: Settings) -> Iterator[Finding]:
    folder = Path(settings.data_dir)
    if not folder.is_dir():
        yield Finding("data directory", str(folder), "It does not exist; `lido serve` makes it.")
        return
    secret = [folder, credentials.path_of(settings), folder / "demo.json"]
    secret += [settings.sqlite_path] if settings.sqlite_path else []
    secret += [] if settings.master_key else [master_key_file.path_of(settings)]
    for path in secret:
        if path.exists():
            mode = stat.S_IMODE(path.stat().st_mode)
            wrong = bool(mode & 0o077)
            yield Finding(str(path), f"mode {mode:04o}", f"Others can read it: chmod go= {path}" if wrong else None)


def _database(settings: Settings) -> Iterator[Finding]:
    where = installation.describe_database(settings)
    try:
        database = installation.connect(settings)
    except (ClickException, errors.Unavailable) as error:
        yield Finding("database", where, str(error))
        return
    try:
        standby = installation.STANDBY if assembly.is_standby(database) else None
        yield Finding("database", f"{where}, {assembly.engine_version(database)}", standby)
        yield from _inside(settings, database)
    except errors.Unavailable as error:
        yield Finding("database", where, str(error))
    finally:
        database.close()


def _inside(settings: Settings, database: assembly.Database) -> Iterator[Finding]:
    try:
        installation.require_current(database)
    except ClickException as error:
        yield Finding("tables", "not those of this release", error.message)
        return
    yield Finding("tables", "those of this release")
    if settings.sqlite_path is not None:
        fault = None if settings.synchronous == "FULL" else "A power cut may lose the last moment; set FULL."
        yield Finding("synchronous", settings.synchronous, fault)
    try:
        ring = master_key_file.unlock(settings, database)
    except ClickException as error:
        yield Finding("master key", master_key_file.source_of(settings), error.message)
    else:
        yield Finding("master key", f"{ring.key_id.hex()} in {master_key_file.source_of(settings)} fits")
