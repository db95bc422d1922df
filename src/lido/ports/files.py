"""Files for the owner's eyes alone: keys, credentials. Written whole or not at all, and never over another."""

import os
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
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        _write(draft, text)
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


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
