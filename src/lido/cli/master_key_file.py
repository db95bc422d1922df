"""The master keys' file: base64 lines; made with a new database and at no other time, longer by each rotation."""

from base64 import b64encode
from collections.abc import Callable, Sequence
from pathlib import Path

from click import ClickException

from lido.assembly import Database, KeyRing
from lido.flows import master_key
from lido.ports import files
from lido.ports.entropy import SystemEntropy
from lido.settings import MASTER_KEY_BYTES, Settings, parse_master_keys

DEFAULT_FILE = "master.key"


def path_of(settings: Settings) -> Path:
    """The file that holds the keys, unless a variable does."""
    return Path(settings.master_key_file or Path(settings.data_dir) / DEFAULT_FILE)


def source_of(settings: Settings) -> str:
    """Where the keys come from, in words."""
    return "the setting master_key" if settings.master_key else str(path_of(settings))


def unlock(
    settings: Settings, database: Database, *, create: bool = False, say: Callable[[str], None] | None = None
) -> KeyRing:
    """The key ring that fits the database; with `create`, a new database without a key gets one.

    Raises ClickException when a key is missing: a database that was sealed is never given a new one.
    """
    entropy = SystemEntropy()
    made = create and _may_be_made(settings, database) and _make(path_of(settings), entropy)
    masters = read(settings, database)
    if create and not master_key.sealing_ids(database):
        master_key.adopt(database, KeyRing(masters, entropy.bytes))
    try:
        ring = master_key.key_ring(database, masters, entropy.bytes)
    except master_key.MissingMasterKey as error:
        if made:
            # Another node was faster: this file sealed nothing, and would only stand in the way of the right one.
            path_of(settings).unlink(missing_ok=True)
        raise ClickException(_misfit(settings, error.missing)) from error
    if say is not None:
        say(f"master key: {ring.key_id.hex()} in {source_of(settings)}{', new: back it up' if made else ''}")
    return ring


def read(settings: Settings, database: Database) -> tuple[bytes, ...]:
    """The keys at hand. Raises ClickException."""
    if settings.master_key:
        return parse_master_keys(settings.master_key)
    path = path_of(settings)
    try:
        return parse_master_keys(path.read_text("utf-8"))
    except FileNotFoundError:
        sealed = master_key.sealing_ids(database)
        if sealed:
            raise ClickException(_misfit(settings, sealed)) from None
        raise ClickException(f"The master key file {path} does not exist.") from None
    except OSError as error:
        raise ClickException(f"The master key file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise ClickException(f"The master key file {path} is damaged: {error}.") from error


def add(settings: Settings, database: Database) -> bytes:
    """Write a new key into the file, behind the others: it opens, and nothing is sealed with it yet. Raises OSError."""
    made = SystemEntropy().bytes(MASTER_KEY_BYTES)
    _rewrite(settings, (*read(settings, database), made))
    return made


def remove(settings: Settings, database: Database, name: str) -> None:
    """Take the key of that id (hex) out of the file. Raises OSError."""
    _rewrite(settings, [master for master in read(settings, database) if master_key.name_of(master) != name])


def _rewrite(settings: Settings, masters: Sequence[bytes]) -> None:
    lines = "".join(b64encode(master).decode() + "\n" for master in masters)
    # Through a link to where the file is: the link stays one.
    files.write_private(path_of(settings).resolve(), lines, replace=True)


def _may_be_made(settings: Settings, database: Database) -> bool:
    named = settings.master_key or settings.master_key_file
    return not named and not path_of(settings).exists() and not master_key.sealing_ids(database)


def _make(path: Path, entropy: SystemEntropy) -> bool:
    return files.write_private(path, b64encode(entropy.bytes(MASTER_KEY_BYTES)).decode() + "\n")


def _misfit(settings: Settings, missing: list[str]) -> str:
    if not missing:
        return "The database has no master key yet; `lido serve` gives it one."
    plural = "keys" if len(missing) > 1 else "key"
    absent = "" if settings.master_key or path_of(settings).exists() else ", which does not exist"
    return (
        f"The database is sealed with master {plural} {', '.join(missing)}, not in {source_of(settings)}{absent}. "
        + _cure(settings)
    )


def _cure(settings: Settings) -> str:
    if settings.master_key:
        return "Set master_key (LIDO_MASTER_KEY) to the right one, or unset it and name a file with --master-key-file."
    return "Restore that file from its backup, or name the right one with --master-key-file."
