"""`make bench arguments="--quick"`: measure, print, and write bench-results/."""

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import bare, gauges, listing, pages, report
from tests.bench.measuring import Row, measure, operations
from tests.bench.stand import ENGINES, Say, Stand, seconds_to_ready, stand

SMALL = 1_000
MILLION = 1_000_000
_LOAD = "the generator of tests/bench/load.py, 16 connections (8 where a password is hashed)"


def main() -> None:
    given = _arguments()
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"[{time.monotonic() - began:4.0f} s] {line}", file=sys.stderr, flush=True)

    rows: list[Row] = []
    facts: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count(), "load": _LOAD, "houses": []}
    hello = bare.Hello()
    try:
        for users in (SMALL, MILLION) if given.million else (SMALL,):
            for engine in given.engine or ENGINES:
                # Not below /tmp, which is often memory: a commit must reach a disk.
                with tempfile.TemporaryDirectory(prefix="bench-", dir=_results()) as folder:
                    with stand(engine, Path(folder), users=users, hello=hello, say=say) as one:
                        measured, house = _house(one, given, say)
                        rows += measured
                        facts["houses"].append(house)
    finally:
        hello.stop()
    print(f"Load: {facts['load']}; Python {facts['python']}; {facts['cores']} cores, shared by all that runs here.\n")
    print(report.table(rows))
    for house in facts["houses"]:
        print(_told(house))
    files = report.write(_results(), facts, rows)
    print("\nwritten: " + ", ".join(str(file) for file in files))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute and a half, for a first look")
    parser.add_argument("--million", action="store_true", help="measure pools of a million users, too")
    parser.add_argument("--engine", action="append", choices=ENGINES, help="only this database (may be repeated)")
    parser.add_argument("--only", action="append", help="only operations whose name contains this (may be repeated)")
    return parser.parse_args()


def _results() -> Path:
    folder = Path(__file__).parents[2] / "bench-results"
    folder.mkdir(exist_ok=True)
    return folder


def _house(one: Stand, given: argparse.Namespace, say: Say) -> tuple[list[Row], dict[str, Any]]:
    """Every row of one database, and what is measured beside the rows."""
    rounds, seconds = (2, 0.75) if given.quick else (6, 2.0)
    house: dict[str, Any] = {"engine": one.engine, "users": one.crowd.count, "idle_mib": one.idle_mib}
    rows = [
        measure(one, operation, rounds=rounds, seconds=seconds, say=say)
        for operation in operations(one.hello)
        if not given.only or any(word in operation.name for word in given.only)
    ]
    house["after_load_mib"] = gauges.memory_mib(one.server_pid)
    if one.crowd.count >= MILLION:
        of_users = listing.milliseconds(one, say)
        house["pages_ms"] = {f"ListUsers {name}": found for name, found in of_users.items()} | pages.milliseconds(one)
    house["ready_seconds"] = statistics.median(seconds_to_ready(one) for _ in range(1 if given.quick else 5))
    return rows, house


def _told(house: dict[str, Any]) -> str:
    ready, idle, after = (house[name] for name in ("ready_seconds", "idle_mib", "after_load_mib"))
    memory = f"{idle:.0f} MiB when idle, {after:.0f} MiB after the load"
    lines = [f"\n{house['engine']}, {house['users']:,} users: ready in {ready:.2f} s, {memory}"]
    found = house.get("pages_ms", {})
    lines += [f"  {name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms" for name, (p50, p99) in found.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
