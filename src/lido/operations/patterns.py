r"""The Java expressions of the service model, as tests of a whole string in linear time.

Python's `re` differs from Java in three ways that matter here: `\p{L}` is missing, `\w`, `\s` and `\d` mean
ASCII in Java, and `.` excludes five line terminators there. An expression uses either `\p` or `.`, never both.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import cache

# For `\p{L}` a value is folded first: each character beyond ASCII becomes the stand-in of its general category.
_STAND_INS = {category: chr(0xE000 + index) for index, category in enumerate("CLMNPSZ")}
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_CATEGORY = re.compile(r"\\p\{(.)\}")
_DOT = re.compile(r"(\[(?:\\.|[^\]\\])*\]|\\.)|\.")
_NOT_A_LINE_TERMINATOR = r"[^\n\r\x85\u2028\u2029]"

# `X*LIT` before another `X*` or `X+`, where X may hold all of LIT, is tried at every LIT of a hostile value. The
# leftmost LIT leaves most to the rest, so no other need be tried: lazily, and atomically.
_REPEATED = re.compile(
    r"(?P<set>\[(?:\\.|[^\]\\])*\])(?P<times>[*+])(?P<literal>(?:\\[^\w]|[^\\\[\](){}*+?|^$.])+)(?=(?P=set)[*+])"
)


@cache
def matcher(pattern: str) -> Callable[[str], bool]:
    """A Java expression → does it match all of a string, as `String.matches` does?"""
    expression = re.compile(to_python(pattern), re.ASCII)
    if "\\p" not in pattern:
        return lambda value: expression.fullmatch(value) is not None
    return lambda value: expression.fullmatch(_fold(value)) is not None


def to_python(pattern: str) -> str:
    r"""The same expression for Python's `re`, to be compiled as ASCII; `\p{L}` becomes ASCII letters and a stand-in."""
    python = _CATEGORY.sub(lambda found: _members(found[1]), pattern)
    if not pattern.startswith("(?s)"):
        python = _DOT.sub(lambda found: found[1] or _NOT_A_LINE_TERMINATOR, python)
    return _REPEATED.sub(r"(?>\g<set>\g<times>?\g<literal>)", python)


def _members(category: str) -> str:
    ascii_members = (chr(code) for code in range(128) if unicodedata.category(chr(code))[0] == category)
    return "".join(map(re.escape, ascii_members)) + _STAND_INS[category]


def _fold(value: str) -> str:
    if value.isascii():
        return value
    return _BEYOND_ASCII.sub(lambda found: _STAND_INS[unicodedata.category(found[0])[0]], value)
