"""The CSS of a pool's classic customization: a few classes that may be dressed, and nothing that reaches beyond them.

What comes back is written from what was parsed, never copied from what was sent.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2

from lido import errors

LONGEST = 3 * 1024

_PSEUDO_CLASSES = {
    "background-customizable": (),
    "banner-customizable": (),
    "errorMessage-customizable": (),
    "idpButton-customizable": ("hover",),
    "idpDescription-customizable": (),
    "inputField-customizable": ("focus",),
    "label-customizable": (),
    "legalText-customizable": (),
    "logo-customizable": (),
    "passwordCheck-notValid-customizable": (),
    "passwordCheck-valid-customizable": (),
    "redirect-customizable": (),
    "socialButton-customizable": (),
    "submitButton-customizable": ("hover",),
    "textDescription-customizable": (),
}
# url(), image() and their kin fetch something; what is not here may tomorrow.
_FUNCTIONS = frozenset(
    """rgb rgba hsl hsla hwb lab lch oklab oklch calc min max clamp linear-gradient radial-gradient conic-gradient
    repeating-linear-gradient repeating-radial-gradient cubic-bezier translate scale rotate""".split()
)
_RUNNING = frozenset({"behavior", "-moz-binding"})
_PLAIN = frozenset({"ident", "number", "percentage", "dimension", "hash", "string", "whitespace", "literal"})
_MOST_NESTED = 8


def checked(css: str) -> str:
    """The stylesheet that browsers are given. Raises InvalidParameter for what is not allowed."""
    if len(css.encode("utf-8", "surrogatepass")) > LONGEST:
        raise _invalid(f"it is longer than {LONGEST} bytes")
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return "".join(map(_rule, rules))


def _rule(rule: Any) -> str:
    if rule.type == "at-rule":
        raise _invalid(f"@{rule.lower_at_keyword[:64]} is not allowed")
    if rule.type != "qualified-rule":
        raise _invalid("it cannot be parsed")
    selectors = ",".join(_selectors(rule.prelude))
    declarations = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    return f"{selectors}{{{''.join(map(_declaration, declarations))}}}\n"


def _selectors(prelude: Iterable[Any]) -> Iterator[str]:
    """Each a class of the list, with a pseudo-class where it has one."""
    tokens = [token for token in prelude if token.type != "comment"]
    for parts in _split(tokens):
        match [(part.type, part.value) for part in parts]:
            case [("literal", "."), ("ident", name)] if name in _PSEUDO_CLASSES:
                yield f".{name}"
            case [("literal", "."), ("ident", name), ("literal", ":"), ("ident", pseudo)] if (
                pseudo.lower() in _PSEUDO_CLASSES.get(name, ())
            ):
                yield f".{name}:{pseudo.lower()}"
            case [("literal", "."), ("ident", name)] if name not in _PSEUDO_CLASSES:
                raise errors.InvalidParameter(f"The CSS class {name[:128]} is not in the list of allowed classes.")
            case _:
                raise _invalid("a selector must be one of the allowed classes")


def _split(tokens: list[Any]) -> Iterator[list[Any]]:
    """The parts between commas, without the blanks around them."""
    parts: list[Any] = []
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            yield _stripped(parts)
            parts = []
        else:
            parts.append(token)
    yield _stripped(parts)


def _stripped(parts: list[Any]) -> list[Any]:
    inner = [place for place, part in enumerate(parts) if part.type != "whitespace"]
    # A function or a block has no `value` that a selector could be made of.
    whole = parts[inner[0] : inner[-1] + 1] if inner else []
    if not all(hasattr(part, "value") for part in whole):
        raise _invalid("a selector must be one of the allowed classes")
    return whole


def _declaration(declaration: Any) -> str:
    if declaration.type != "declaration":
        raise _invalid("a block may hold declarations only")
    name = declaration.lower_name
    if name in _RUNNING or name.startswith("--") or not name.replace("-", "").isascii():
        raise _invalid(f"the property {name[:64]} is not allowed")
    values = [token for token in declaration.value if token.type != "comment"]
    _check(values, _MOST_NESTED)
    important = " !important" if declaration.important else ""
    return f"{tinycss2.serialize_identifier(name)}:{tinycss2.serialize(values).strip()}{important};"


def _check(tokens: Iterable[Any], deep: int) -> None:
    for token in tokens:
        if token.type == "function" and token.lower_name in _FUNCTIONS and deep:
            _check(token.arguments, deep - 1)
        elif token.type == "() block" and deep:
            _check(token.content, deep - 1)
        elif token.type not in _PLAIN and token.type != "comment":
            raise _invalid("a value holds something that is not allowed")


def _invalid(why: str) -> errors.Fault:
    return errors.InvalidParameter(f"Invalid CSS: {why}.")
