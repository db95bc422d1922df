"""Events as webhooks tell them: a type for each kind, and what stands in the body. docs/webhooks.md is its manual."""

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from lido.records import Event
from lido.rules.time_ordered_ids import made_at

TEST = "webhook.test"
_OF_THINGS = re.compile(r"(pool|client|domain|resource_server|provider|group|user)_(created|changed|deleted)")
_OF_IMPORTS = re.compile(r"import_(created|uploaded|started|stopped|finished)")
_OF_POOLS = {"keys_rotated", "network_refused"}
_NOT_TOLD = {"v"}


def type_of(kind: str) -> str:
    """The type of a kind of event: whom it is about (a thing of the pool, else `user`), a dot, what happened."""
    if kind in _OF_POOLS:
        return f"pool.{kind}"
    happened = _OF_IMPORTS.fullmatch(kind)
    if happened:
        return f"import.{happened[1]}"
    thing = _OF_THINGS.fullmatch(kind)
    return f"{thing[1]}.{thing[2]}" if thing else f"user.{kind}"


def body(event: Event) -> bytes:
    """What is posted: `id`, `type`, `timestamp` and `data`; the same bytes for the same event, whenever it is sent."""
    about = {"pool_id": event.pool_id, **({"user_sub": event.sub} if event.sub else {})}
    told = {name: value for name, value in event.body.items() if name not in _NOT_TOLD}
    return message(event.id, type_of(event.kind), {**about, **told})


def message(id_: str, type_: str, data: dict[str, Any]) -> bytes:
    """A message of any type, dated by its time-ordered id."""
    moment = datetime.fromtimestamp(made_at(id_) / 1000, UTC).isoformat(timespec="milliseconds")
    timestamp = moment.replace("+00:00", "Z")
    return msgspec.json.encode({"id": id_, "type": type_, "timestamp": timestamp, "data": data})


def filter_text(kinds: list[str]) -> str:
    """Kinds as a webhook's filter holds them; none takes all."""
    return f" {' '.join(sorted(set(kinds)))} " if kinds else ""


def kinds_in(text: str) -> list[str]:
    """The kinds of a filter, sorted; none: all."""
    return text.split()


def takes(text: str, kind: str) -> bool:
    """Whether a filter lets events of that kind through."""
    return not text or f" {kind} " in text
