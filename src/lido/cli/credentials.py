"""The operators' first access key: given by settings, or made with a new database and written to DIR/credentials."""

from collections.abc import Callable
from configparser import ConfigParser, Error
from pathlib import Path
from typing import NamedTuple

from click import ClickException

from lido.assembly import Lido
from lido.cli.acting import acting
from lido.flows import operators
from lido.ports import files
from lido.settings import Settings

PROFILE = "lido"


class Credentials(NamedTuple):
    """An access key. Its repr tells the id only."""

    access_key_id: str
    secret: str

    def __repr__(self) -> str:
        return f"<Credentials {self.access_key_id}>"


def path_of(settings: Settings) -> Path:
    """The file, in the form of AWS's own shared credentials file."""
    return Path(settings.data_dir) / "credentials"


def read(path: Path, profile: str = PROFILE) -> Credentials | None:
    """The access key of a profile; None where file or profile are missing. Raises ClickException."""
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text("utf-8"))
        section = parser[profile]
        return Credentials(section["aws_access_key_id"], section["aws_secret_access_key"])
    except (FileNotFoundError, KeyError):
        return None
    except (OSError, UnicodeDecodeError, Error) as error:
        raise ClickException(f"{path} cannot be read: {type(error).__name__}.") from error


def provide(lido: Lido, say: Callable[[str], None]) -> None:
    """See to it that operators have a root access key: the settings' one at each start, or one made once."""
    settings, call = lido.settings, lido.call()
    path = path_of(settings)
    if settings.root_access_key_id and settings.root_secret_access_key:
        if not operators.is_root_key(call, settings.root_access_key_id, settings.root_secret_access_key):
            with acting(lido, "serve") as acting_call:
                operators.set_root_key(acting_call, settings.root_access_key_id, settings.root_secret_access_key)
        say(f"root access key: {settings.root_access_key_id}, from the settings")
        return
    if not operators.has_root(call):
        _make(lido, path)
        say(f"root access key: in {path}, profile {PROFILE}, new")
    elif path.exists():
        say(f"root access key: in {path}, profile {PROFILE}")


def _make(lido: Lido, path: Path) -> None:
    """File first: a start that dies in between finds it and goes on, and a key is never lost."""
    made = Credentials(*operators.new_key_pair(lido.call()))
    text = (
        f"[{PROFILE}]\naws_access_key_id = {made.access_key_id}\naws_secret_access_key = {made.secret}\n"
        f"region = {lido.house.default_region}\n"
    )
    wrote = files.write_private(path, text)
    found = made if wrote else read(path)
    if found is None:
        raise ClickException(f"{path} is there, but holds no profile {PROFILE}; move it away, and start again.")
    with acting(lido, "serve") as call:
        first = operators.make_root(call, found.access_key_id, found.secret)
    if wrote and not first:
        # Another node made the first key at the same moment; this one would open nothing.
        path.unlink()
