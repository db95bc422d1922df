"""The settings of a managed login style: what there is to set, what holds where nothing is set, and what is no setting.

Settings are a JSON document. A style keeps what was sent; the rest are Cognito's own values (oauth reference, 12.2).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from lido import errors

Settings = dict[str, Any]

_BLACK, _WHITE, _NIGHT = "000716ff", "ffffffff", "0f1b2aff"
_BLUE, _DEEP_BLUE, _SKY, _PALE_SKY = "0972d3ff", "033160ff", "539fe5ff", "89bdeeff"
_COLOUR = re.compile(r"[0-9a-fA-F]{8}")
_MOST_ERRORS = 10
_DEEPEST = 12
# Only what the pages themselves depend on: AWS may know further words for the rest.
_CHOICES = {"categories.global.colorSchemeMode": ("LIGHT", "DARK", "DYNAMIC")}
_FREE = frozenset({"components.idpButton.custom"})


def check(settings: object) -> Settings:
    """The settings, if each is one. Raises InvalidParameter with all that is wrong (the first ten)."""
    wrong = []
    for path, kind in _wrong(settings, defaults(), "", _DEEPEST):
        wrong.append(f"{{property: $.{path[:128]}, errorType: {kind}}}")
        if len(wrong) == _MOST_ERRORS:
            break
    if wrong or not isinstance(settings, dict):
        raise errors.InvalidParameter(f"Invalid settings provided. Validation errors: [{', '.join(wrong)}]")
    return settings


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> Settings:
    """`below`, with everything that `above` sets; a list is one value."""
    both = dict(below)
    for name, value in above.items():
        under = both.get(name)
        both[name] = merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return both


def _wrong(value: object, default: object, path: str, deep: int) -> Iterator[tuple[str, str]]:
    if path in _FREE or not deep:
        if not deep or not isinstance(value, dict):
            yield path, "InvalidValue"
    elif isinstance(default, dict):
        if not isinstance(value, dict):
            yield path, "InvalidType"
            return
        for name, inner in value.items():
            here = f"{path}.{name}" if path else str(name)
            if name in default:
                yield from _wrong(inner, default[name], here, deep - 1)
            else:
                yield here, "UnknownProperty"
    elif not _is_like(value, default):
        yield path, "InvalidType"
    elif not _is_right(value, default, path):
        yield path, "InvalidValue"


def _is_like(value: object, default: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))


def _is_right(value: object, default: object, path: str) -> bool:
    if isinstance(value, str):
        if isinstance(default, str) and _COLOUR.fullmatch(default):
            return _COLOUR.fullmatch(value) is not None
        return value in _CHOICES.get(path, (value,))
    if isinstance(default, float) and isinstance(value, int | float):
        return 0 <= value <= 1_000
    return True


def _modes(light: Settings, dark: Settings) -> Settings:
    return {"lightMode": light, "darkMode": dark}


def _in_modes(name: str, light: str, dark: str) -> Settings:
    return _modes({name: light}, {name: dark})


def _button(background: str, border: str, text: str) -> Settings:
    return {"backgroundColor": background, "borderColor": border, "textColor": text}


def _plain_button(light: str, dark: str) -> Settings:
    """A button that is an outline, in its colour, until somebody points at it."""
    return _modes(
        {
            "defaults": _button(_WHITE, light, light),
            "hover": _button("f2f8fdff", _DEEP_BLUE, _DEEP_BLUE),
            "active": _button("d3e7f9ff", _DEEP_BLUE, _DEEP_BLUE),
        },
        {
            "defaults": _button(_NIGHT, dark, dark),
            "hover": _button("192534ff", _PALE_SKY, _PALE_SKY),
            "active": _button("354150ff", _PALE_SKY, _PALE_SKY),
        },
    )


def _full_button(default: str, hover: str, active: str, text: str) -> Settings:
    return {
        "defaults": {"backgroundColor": default, "textColor": text},
        "hover": {"backgroundColor": hover, "textColor": text},
        "active": {"backgroundColor": active, "textColor": text},
        "disabled": {"backgroundColor": _WHITE, "borderColor": _WHITE},
    }


def _status(background: str, colour: str) -> Settings:
    return {"backgroundColor": background, "borderColor": colour, "indicatorColor": colour}


def _bar() -> Settings:
    """The header or the footer of a page."""
    return {
        "backgroundImage": {"enabled": False},
        "logo": {"enabled": False, "location": "START"},
        **_modes(
            {"background": {"color": "fafafaff"}, "borderColor": "d5dbdbff"},
            {"background": {"color": "0f141aff"}, "borderColor": "424650ff"},
        ),
    }


@cache
def defaults() -> Settings:
    """Cognito's own values: every setting there is."""
    return {
        "categories": {
            "auth": {
                "authMethodOrder": [
                    [
                        {"display": "BUTTON", "type": "FEDERATED"},
                        {"display": "INPUT", "type": "USERNAME_PASSWORD"},
                    ]
                ],
                "federation": {"interfaceStyle": "BUTTON_LIST", "order": []},
            },
            "form": {
                "displayGraphics": True,
                "instructions": {"enabled": False},
                "languageSelector": {"enabled": False},
                "location": {"horizontal": "CENTER", "vertical": "CENTER"},
                "sessionTimerDisplay": "NONE",
            },
            "global": {
                "colorSchemeMode": "LIGHT",
                "pageFooter": {"enabled": False},
                "pageHeader": {"enabled": False},
                "spacingDensity": "REGULAR",
            },
            "signUp": {"acceptanceElements": [{"enforcement": "NONE", "textKey": "en"}]},
        },
        "componentClasses": {
            "buttons": {"borderRadius": 8.0},
            "divider": _in_modes("borderColor", "ebebf0ff", "232b37ff"),
            "dropDown": {
                "borderRadius": 8.0,
                **_modes(
                    {
                        "defaults": {"itemBackgroundColor": _WHITE},
                        "hover": {
                            "itemBackgroundColor": "f4f4f4ff",
                            "itemBorderColor": "7d8998ff",
                            "itemTextColor": _BLACK,
                        },
                        "match": {"itemBackgroundColor": "414d5cff", "itemTextColor": _BLUE},
                    },
                    {
                        "defaults": {"itemBackgroundColor": "192534ff"},
                        "hover": {
                            "itemBackgroundColor": "081120ff",
                            "itemBorderColor": "5f6b7aff",
                            "itemTextColor": "e9ebedff",
                        },
                        "match": {"itemBackgroundColor": "d1d5dbff", "itemTextColor": _PALE_SKY},
                    },
                ),
            },
            "focusState": _in_modes("borderColor", _BLUE, _SKY),
            "idpButtons": {"icons": {"enabled": True}},
            "input": {
                "borderRadius": 8.0,
                **_modes(
                    {
                        "defaults": {"backgroundColor": _WHITE, "borderColor": "7d8998ff"},
                        "placeholderColor": "5f6b7aff",
                    },
                    {
                        "defaults": {"backgroundColor": _NIGHT, "borderColor": "5f6b7aff"},
                        "placeholderColor": "8d99a8ff",
                    },
                ),
            },
            "inputDescription": _in_modes("textColor", "5f6b7aff", "8d99a8ff"),
            "inputLabel": _in_modes("textColor", _BLACK, "d1d5dbff"),
            "link": _modes(
                {"defaults": {"textColor": _BLUE}, "hover": {"textColor": _DEEP_BLUE}},
                {"defaults": {"textColor": _SKY}, "hover": {"textColor": _PALE_SKY}},
            ),
            "optionControls": _modes(
                {
                    "defaults": {"backgroundColor": _WHITE, "borderColor": "7d8998ff"},
                    "selected": {"backgroundColor": _BLUE, "foregroundColor": _WHITE},
                },
                {
                    "defaults": {"backgroundColor": _NIGHT, "borderColor": "7d8998ff"},
                    "selected": {"backgroundColor": _SKY, "foregroundColor": _BLACK},
                },
            ),
            "statusIndicator": _modes(
                {
                    "error": _status("fff7f7ff", "d91515ff"),
                    "pending": {"indicatorColor": "AAAAAAAA"},
                    "success": _status("f2fcf3ff", "037f0cff"),
                    "warning": _status("fffce9ff", "8d6605ff"),
                },
                {
                    "error": _status("1a0000ff", "eb6f6fff"),
                    "pending": {"indicatorColor": "AAAAAAAA"},
                    "success": _status("001a02ff", "29ad32ff"),
                    "warning": _status("1d1906ff", "e0ca57ff"),
                },
            ),
        },
        "components": {
            "alert": {
                "borderRadius": 12.0,
                **_modes(
                    {"error": {"backgroundColor": "fff7f7ff", "borderColor": "d91515ff"}},
                    {"error": {"backgroundColor": "1a0000ff", "borderColor": "eb6f6fff"}},
                ),
            },
            "favicon": {"enabledTypes": ["ICO", "SVG"]},
            "form": {
                "backgroundImage": {"enabled": False},
                "borderRadius": 8.0,
                "logo": {"enabled": False, "formInclusion": "IN", "location": "CENTER", "position": "TOP"},
                **_modes(
                    {"backgroundColor": _WHITE, "borderColor": "c6c6cdff"},
                    {"backgroundColor": _NIGHT, "borderColor": "424650ff"},
                ),
            },
            "idpButton": {"custom": {}, "standard": _plain_button("424650ff", "c6c6cdff")},
            "pageBackground": {"image": {"enabled": False}, **_in_modes("color", _WHITE, _NIGHT)},
            "pageFooter": _bar(),
            "pageHeader": _bar(),
            "pageText": _modes(
                {"bodyColor": "414d5cff", "descriptionColor": "414d5cff", "headingColor": _BLACK},
                {"bodyColor": "b6bec9ff", "descriptionColor": "b6bec9ff", "headingColor": "d1d5dbff"},
            ),
            "phoneNumberSelector": {"displayType": "TEXT"},
            "primaryButton": _modes(
                _full_button(_BLUE, _DEEP_BLUE, _DEEP_BLUE, _WHITE),
                _full_button(_SKY, _PALE_SKY, _SKY, _BLACK),
            ),
            "secondaryButton": _plain_button(_BLUE, _SKY),
        },
    }
