"""How a refusal looks in AWS JSON 1.1: name, sentence, status, in the body and in two headers."""

import re
from typing import NamedTuple

import msgspec

from lido import errors

CONTENT_TYPE = b"application/x-amz-json-1.1"
LONGEST_HEADER = 1024

_STATUS: dict[type[errors.Fault], int] = {
    errors.Forbidden: 403,
    errors.InternalError: 500,
    errors.InternalServer: 500,
    errors.NotImplemented: 501,
    errors.RequestEntityTooLarge: 413,
    errors.ServiceUnavailable: 503,
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Answer(NamedTuple):
    """What goes on the wire."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def answer(fault: errors.Fault) -> Answer:
    """A refusal as every AWS SDK reads it; 400 unless its class has a number of its own."""
    name = fault.wire_name()
    headers = [
        (b"content-type", CONTENT_TYPE),
        (b"x-amzn-errortype", name.encode() + b":"),
        (b"x-amzn-errormessage", _one_line(fault.message)),
    ]
    # A sentence may quote what a caller sent, and a lone surrogate has no place in UTF-8.
    sentence = fault.message.encode("utf-8", "replace").decode()
    return Answer(_STATUS.get(type(fault), 400), headers, msgspec.json.encode({"__type": name, "message": sentence}))


def _one_line(sentence: str) -> bytes:
    """The sentence as a header may hold it: no control characters, ISO 8859-1, not too long."""
    return _CONTROL.sub(" ", sentence[:LONGEST_HEADER]).strip().encode("latin-1", "replace")
