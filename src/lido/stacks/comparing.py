"""What differs between what a template wants and what Describe tells.

What the template does not mention is not compared, unless the template had set it the last time: then it goes back to
its default. The order of a list is no difference.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from msgspec import Struct

from lido.stacks.values import is_known

SEPARATOR = "\x1f"
"""Between the names of a path, where it is stored: no name has it."""
Path = tuple[str, ...]
_EMPTY: tuple[Any, ...] = (None, False, "", [], {})


class Difference(Struct, frozen=True):
    """One property that differs; `wanted` is None where it goes back to its default."""

    path: Path
    present: Any
    wanted: Any


def differences(
    wanted: Mapping[str, Any], present: Mapping[str, Any], set_before: Collection[Path]
) -> list[Difference]:
    """Every property that differs, in the template's order; those that the template has no more at the end."""
    found = list(_differing((), wanted, present))
    here = set(paths(wanted))
    left = {_outermost(path, here) for path in set_before if not any(_is_within(path, each) for each in here)}
    left = {path for path in left if not _is_empty(at(present, path))}
    found += [Difference(path, at(present, path), None) for path in sorted(left)]
    return found


def _is_within(path: Path, other: Path) -> bool:
    return path[: len(other)] == other or other[: len(path)] == path


def _outermost(path: Path, here: Collection[Path]) -> Path:
    """The shortest beginning of a path of which the template says nothing."""
    lengths = range(1, len(path))
    return next((path[:end] for end in lengths if not any(each[:end] == path[:end] for each in here)), path)


def _differing(path: Path, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> Iterator[Difference]:
    for name, value in wanted.items():
        there, here = present.get(name), (*path, name)
        if isinstance(value, dict) and value and isinstance(there, dict):
            yield from _differing(here, value, there)
        elif not matches(value, there):
            yield Difference(here, there, value)


def matches(wanted: Any, present: Any) -> bool:
    """Whether what is there fulfils what is wanted; what waits to be known never does."""
    if not is_known(wanted):
        return False
    if isinstance(wanted, dict) and isinstance(present, dict) and wanted:
        return all(matches(value, present.get(name)) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(present, list):
        return len(wanted) == len(present) and _each_once(wanted, present)
    if _is_empty(wanted):
        return _is_empty(present)
    return bool(wanted == present)


def _each_once(wanted: list[Any], present: list[Any]) -> bool:
    left = list(present)
    for value in wanted:
        same = next((index for index, each in enumerate(left) if matches(value, each)), None)
        if same is None:
            return False
        del left[same]
    return True


def _is_empty(value: Any) -> bool:
    return any(value is each or (value == each and type(value) is type(each)) for each in _EMPTY) or (
        isinstance(value, dict) and all(map(_is_empty, value.values()))
    )


def paths(value: Mapping[str, Any], before: Path = ()) -> list[Path]:
    """The paths that a template sets: of each mapping its members, all else as a whole."""
    found: list[Path] = []
    for name, each in value.items():
        inner = paths(each, (*before, name)) if isinstance(each, dict) else []
        found += inner or [(*before, name)]
    return found


def at(value: Mapping[str, Any], path: Path) -> Any:
    """What stands at a path, or None."""
    found: Any = value
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def merged(present: Mapping[str, Any], wanted: Mapping[str, Any], gone: Collection[Path]) -> dict[str, Any]:
    """What is there, with what is wanted in its place and without what is gone."""
    result = _without(present, gone)
    for name, value in wanted.items():
        there = result.get(name)
        deeper = isinstance(there, dict) and isinstance(value, dict) and bool(value)
        result[name] = merged(there or {}, value, ()) if deeper else value
    return result


def _without(value: Mapping[str, Any], gone: Collection[Path]) -> dict[str, Any]:
    ends = {path[0] for path in gone if len(path) == 1}
    result: dict[str, Any] = {}
    for name, each in value.items():
        if name in ends or each is None:
            continue
        inner = [path[1:] for path in gone if len(path) > 1 and path[0] == name]
        result[name] = _without(each, inner) if isinstance(each, dict) and inner else each
    return result
