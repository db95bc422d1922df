"""The functions that triggers call: registered by name, put into a pool's `LambdaConfig`, and found by ARN."""

from collections.abc import Callable
from contextlib import suppress
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access, events
from lido.flows.events import Fact
from lido.ports.triggers.carrier import Target
from lido.records import Pool, TargetSettings, TriggerTarget
from lido.rules import lambda_config, pool_requirements, webhook_signature
from lido.shapes import idp
from lido.storage import pools, trigger_targets
from lido.storage.database import Transaction

PURPOSE = "trigger target"
Done = TypeVar("Done")
_TRIES = 3
_decode_environment = msgspec.json.Decoder(dict[str, str]).decode


class Wish(Struct, frozen=True, kw_only=True):
    """A function to register, as an operator names it."""

    name: str
    kind: Literal["url", "handler", "python"]
    address: str
    folder: str = ""
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    timeout_seconds: float = 5.0

    def __repr__(self) -> str:
        return f"<Wish {self.name}>"


class Registered(Struct, frozen=True):
    """What was done: the ARN that the pool names now, and what a URL verifies signatures with, told only now."""

    name: str
    arn: str
    secret: str | None

    def __repr__(self) -> str:
        return f"<Registered {self.name}>"


class Use(Struct, frozen=True):
    """A trigger of a pool that calls a function."""

    pool_id: str
    trigger: str
    function: lambda_config.Function


def target(call: Call, arn: str) -> Target:
    """What that ARN calls, as it was at most a second ago: the registered function of its name, else AWS Lambda's.

    Region, account, version and alias in the ARN do not matter for a registered name. One short read.
    """
    with call.db.read() as tx:
        return target_in(call, tx, arn)


def target_in(call: Call, tx: Transaction, arn: str) -> Target:
    """As `target`, in a transaction that is open."""
    name = lambda_config.name_in(arn)
    second = call.now // 1000
    remembered = ("trigger target", arn)
    kept: Target | None = tx.documents.get(remembered, second)
    if kept is not None:
        return kept
    row = trigger_targets.find(tx, name) if name else None
    found = Target(name=name, kind="lambda", address=arn, arn=arn) if row is None else _opened(call, row, arn)
    if not tx.writing:
        tx.documents.keep(remembered, second, found)
    return found


def register(
    call: Call,
    pool_id: str,
    trigger: str,
    wish: Wish,
    *,
    version: str | None = None,
    kms_key_id: str | None = None,
    again: bool = False,
) -> Registered:
    """Register a function and let that trigger of the pool call it; `again` replaces one of the same name.

    Raises ValueError with a sentence, ResourceNotFound, InvalidParameter, ConcurrentModification.
    """
    if not lambda_config.is_name(wish.name):
        raise ValueError("A name has 1 to 64 letters, digits, - or _.")
    key = call.entropy.bytes(webhook_signature.KEY_BYTES) if wish.kind == "url" else None
    row = TriggerTarget(
        wish.name,
        wish.kind,
        wish.address,
        _sealed(call, wish, key),
        TargetSettings(timeout_seconds=wish.timeout_seconds, folder=wish.folder),
        call.now,
    )

    def store(tx: Transaction) -> str:
        seen = access.require_pool(call, tx, pool_id)
        arn = lambda_config.arn(seen.region, call.house.account_id, wish.name)
        if again:
            trigger_targets.remove(tx, wish.name)
        if not trigger_targets.add(tx, row):
            raise ValueError(f"There is a function {wish.name} already; choose another name, or replace it.")
        _name(call, tx, seen, trigger, arn, version, kms_key_id)
        return arn

    arn = _settled(call, store)
    return Registered(wish.name, arn, webhook_signature.key_text(key) if key else None)


def name_function(
    call: Call, pool_id: str, trigger: str, arn: str, *, version: str | None = None, kms_key_id: str | None = None
) -> None:
    """Let that trigger of the pool call `arn`, which is registered or AWS Lambda's. Raises as `register`."""

    def store(tx: Transaction) -> None:
        _name(call, tx, access.require_pool(call, tx, pool_id), trigger, arn, version, kms_key_id)

    _settled(call, store)


def every(call: Call) -> list[tuple[TriggerTarget, list[Use]]]:
    """All registered functions, and which triggers call each."""
    with call.db.read() as tx:
        uses = _uses(tx)
        return [
            (row, [use for use in uses if lambda_config.name_in(use.function.arn) == row.name])
            for row in trigger_targets.every(tx)
        ]


def foreign(call: Call) -> list[Use]:
    """The triggers that call functions which are not registered here: AWS Lambda's."""
    with call.db.read() as tx:
        names = {row.name for row in trigger_targets.every(tx)}
        return [use for use in _uses(tx) if lambda_config.name_in(use.function.arn) not in names]


def remove(call: Call, name: str) -> list[Use]:
    """Forget a function, and take it from every trigger that calls it; which they were.

    Raises ResourceNotFound, ConcurrentModification.
    """

    def take_away(tx: Transaction) -> list[Use]:
        if not trigger_targets.remove(tx, name):
            raise errors.ResourceNotFound(f"There is no function {name}.")
        uses = [use for use in _uses(tx) if lambda_config.name_in(use.function.arn) == name]
        for use in uses:
            seen = access.require_pool(call, tx, use.pool_id)
            config = lambda_config.without_function(seen.settings.shape.lambda_config, use.trigger)
            _set(call, tx, seen, config, "lido triggers remove")
        return uses

    return _settled(call, take_away)


class _RaceLost(Exception):
    """Somebody else changed a pool between our reading and our writing."""


def _settled(call: Call, change: Callable[[Transaction], Done]) -> Done:
    """Make a change in one transaction; anew, where a pool was changed meanwhile. Raises ConcurrentModification."""
    for _ in range(_TRIES):
        with suppress(_RaceLost), call.db.write() as tx:
            return change(tx)
    raise errors.ConcurrentModification


def _name(
    call: Call, tx: Transaction, seen: Pool, trigger: str, arn: str, version: str | None, kms_key_id: str | None
) -> None:
    config = lambda_config.with_function(seen.settings.shape.lambda_config, trigger, arn, version=version)
    if kms_key_id is not None:
        config = replace(config, kms_key_id=kms_key_id)
    _set(call, tx, seen, config, "lido triggers add")


def _set(call: Call, tx: Transaction, seen: Pool, config: idp.LambdaConfigType, operation: str) -> None:
    """Replace the pool's triggers and nothing else, by the rules that UpdateUserPool obeys. Raises _RaceLost."""
    settings = replace(seen.settings, shape=replace(seen.settings.shape, lambda_config=config))
    pool_requirements.check(settings, seen.region)
    if not pools.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
        raise _RaceLost
    events.tell(call, tx, seen.pool_id, "pool_changed", fact=Fact(operation=operation, names=["LambdaConfig"]))


def _uses(tx: Transaction) -> list[Use]:
    return [
        Use(pool.pool_id, trigger, function)
        for pool in pools.mentioning(tx, ":function:")
        for trigger, function in lambda_config.functions(pool.settings.shape.lambda_config)
    ]


def _sealed(call: Call, wish: Wish, key: bytes | None) -> bytes | None:
    content = key or (msgspec.json.encode(wish.environment) if wish.environment else None)
    return None if content is None else call.keys.seal(PURPOSE, content, wish.name)


def _opened(call: Call, row: TriggerTarget, arn: str) -> Target:
    content = None if row.secret is None else call.keys.open(PURPOSE, row.secret, row.name)
    return Target(
        name=row.name,
        kind=row.kind,
        address=row.address,
        arn=arn,
        secret=content if row.kind == "url" else None,
        environment=_decode_environment(content) if content and row.kind == "handler" else {},
        folder=row.settings.folder,
        timeout_seconds=row.settings.timeout_seconds,
        attempts=row.settings.attempts,
    )
