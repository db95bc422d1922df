"""Files for the owner's eyes alone: keys, credentials. Written whole or not at all, and never over another."""

import os
import tempfile
from pathlib import Path

from lido import silence


def make_private_folder(path: Path) -> bool:
    """Make a folder that its owner alone can enter; False: it is there already."""
    silence.refuse_if_open("Making a folder")
    if path.is_dir():
        return False
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return True


def write_private(path: Path, text: str, *, replace: bool = False) -> bool:
    """Write a file with mode 0600 that survives a power cut; False: it is there already, and was not touched.

    With `replace` an older file gives way. Raises OSError.
    """
    silence.refuse_if_open("Writing a file")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)  # unlike a rename, a link never takes the place of a file
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    _flush_folder(path.parent)
    return True


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
