"""Values of templates that are no plain JSON: what is not known yet, what is secret, what is to be left out."""

from typing import Any


class Unknown(str):
    """What will be known when something was made; its text names it."""

    __slots__ = ()


class Secret(str):
    """A text that is never shown."""

    __slots__ = ()


class NoValue:
    """`AWS::NoValue`: the property is left out."""


NO_VALUE = NoValue()
HIDDEN = "(hidden)"


def joined(parts: list[Any], separator: str = "") -> str:
    """Texts as one: not known if one of them is not, secret if one of them is."""
    text = separator.join(_text(part) for part in parts)
    if any(isinstance(part, Unknown) for part in parts):
        return Unknown(text)
    return Secret(text) if any(isinstance(part, Secret) for part in parts) else text


def is_known(value: Any) -> bool:
    """Whether nothing in a value waits for something to be made."""
    if isinstance(value, dict):
        return all(is_known(each) for each in value.values())
    if isinstance(value, list):
        return all(is_known(each) for each in value)
    return not isinstance(value, Unknown)


def shown(value: Any) -> Any:
    """A value for eyes: secrets hidden, and what is not known yet said so."""
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shown(each) for each in value]
    if isinstance(value, Unknown):
        return f"(known when {value} is made)"
    return HIDDEN if isinstance(value, Secret) else value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
