"""The log: one line an event on stderr, JSON for machines or plain for a terminal."""

import logging
import os
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

import msgspec
import structlog

from lido.ports.clock import SystemClock

_STDERR = 2
_clock = SystemClock()
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure(level: Literal["debug", "info", "warning", "error"], form: Literal["auto", "console", "json"]) -> None:
    """Set up the log of this process."""
    console = form == "console" or (form == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            _dated,
            _as_text if console else _as_json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_Lines,
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Foreign()], level=logging.ERROR, force=True)


class _Lines:
    """Writes each event by one call: lines of several threads do not mix, and no thread waits for another."""

    def __init__(self, *_: Any) -> None:
        """Loggers have names, which stand nowhere."""

    def msg(self, line: str) -> None:
        octets = line.encode("utf-8", "backslashreplace") + b"\n"
        while octets:
            octets = octets[os.write(_STDERR, octets) :]

    debug = info = warning = error = critical = log = msg


class _Foreign(logging.Handler):
    """What libraries log, in our form."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        log.log(record.levelno, record.getMessage(), exc_info=record.exc_info)


def _dated(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What structlog's own three processors add, in one step: every request logs a line."""
    event["level"] = method
    second, milliseconds = divmod(_clock.now(), 1000)
    event["timestamp"] = f"{_written(second)}.{milliseconds:03}Z"
    return structlog.processors.format_exc_info(logger, method, event) if "exc_info" in event else event


@lru_cache(maxsize=8)
def _written(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _as_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()


def _as_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """`12:04:31 info     request operation=InitiateAuth …`, a trace below."""
    time, level, name = str(event.pop("timestamp"))[11:19], event.pop("level"), event.pop("event")
    trace = event.pop("exception", None)
    words = (f"{key}={value if str(value).isprintable() else ascii(value)}" for key, value in event.items())
    line = f"{time} {level:<8} {name} {' '.join(words)}".rstrip()
    return f"{line}\n{trace}" if trace else line
