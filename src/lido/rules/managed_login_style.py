"""The settings of a managed login style as CSS: the variables that the pages' own stylesheet is written in."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

from lido.rules.managed_login import Settings

# The variables of web/login/static/style.css, and the setting that each takes its colour from in either mode.
_COLOURS = {
    "--ground": ("components.pageBackground", "color"),
    "--sheet": ("components.form", "backgroundColor"),
    "--edge": ("components.form", "borderColor"),
    "--ink": ("components.pageText", "bodyColor"),
    "--heading": ("components.pageText", "headingColor"),
    "--soft": ("components.pageText", "descriptionColor"),
    "--label": ("componentClasses.inputLabel", "textColor"),
    "--field": ("componentClasses.input", "defaults.backgroundColor"),
    "--line": ("componentClasses.input", "defaults.borderColor"),
    "--deed": ("components.primaryButton", "defaults.backgroundColor"),
    "--on-deed": ("components.primaryButton", "defaults.textColor"),
    "--deed-over": ("components.primaryButton", "hover.backgroundColor"),
    "--on-deed-over": ("components.primaryButton", "hover.textColor"),
    "--second": ("components.secondaryButton", "defaults.backgroundColor"),
    "--on-second": ("components.secondaryButton", "defaults.textColor"),
    "--second-edge": ("components.secondaryButton", "defaults.borderColor"),
    "--second-over": ("components.secondaryButton", "hover.backgroundColor"),
    "--on-second-over": ("components.secondaryButton", "hover.textColor"),
    "--link": ("componentClasses.link", "defaults.textColor"),
    "--link-over": ("componentClasses.link", "hover.textColor"),
    "--wrong": ("componentClasses.statusIndicator", "error.indicatorColor"),
    "--wrong-ground": ("components.alert", "error.backgroundColor"),
    "--wrong-edge": ("components.alert", "error.borderColor"),
    "--well": ("componentClasses.statusIndicator", "success.indicatorColor"),
    "--well-ground": ("componentClasses.statusIndicator", "success.backgroundColor"),
    "--ring": ("componentClasses.focusState", "borderColor"),
}
_RADII = {
    "--sheet-radius": "components.form.borderRadius",
    "--field-radius": "componentClasses.input.borderRadius",
    "--deed-radius": "componentClasses.buttons.borderRadius",
    "--notice-radius": "components.alert.borderRadius",
}
# Whose picture may lie behind what, and the setting that lets it.
_PICTURES = {
    "--ground-picture": ("PAGE_BACKGROUND", "components.pageBackground.image.enabled"),
    "--sheet-picture": ("FORM_BACKGROUND", "components.form.backgroundImage.enabled"),
}


def logo_place(settings: Settings) -> str:
    """Where the form's logo stands: START, CENTER or END; '' where it is not shown."""
    return str(_at(settings, "components.form.logo.location")) if _at(settings, "components.form.logo.enabled") else ""


def modes(settings: Settings) -> tuple[str, ...]:
    """The modes that the pages have: LIGHT, DARK, or both as the browser likes it."""
    chosen = str(_at(settings, "categories.global.colorSchemeMode"))
    return ("LIGHT", "DARK") if chosen == "DYNAMIC" else (chosen,)


def stylesheet(settings: Settings, pictures: Mapping[tuple[str, str], str]) -> str:
    """The variables for whole settings; `pictures` are the names of files by category and mode.

    It is loaded after the pages' own stylesheet, and so outlasts what that says for dark mode.
    """
    shown = modes(settings)
    first = "".join((_scheme(shown), *_radii(settings), *_variables(settings, pictures, shown[0])))
    css = f":root{{{first}}}\n"
    if len(shown) > 1:
        css += f"@media (prefers-color-scheme:dark){{:root{{{''.join(_variables(settings, pictures, 'DARK'))}}}}}\n"
    return css


def _scheme(shown: tuple[str, ...]) -> str:
    return f"color-scheme:{' '.join(mode.lower() for mode in shown)};"


def _radii(settings: Settings) -> Iterator[str]:
    for name, path in _RADII.items():
        yield f"{name}:{float(_at(settings, path)):g}px;"


def _variables(settings: Settings, pictures: Mapping[tuple[str, str], str], mode: str) -> Iterator[str]:
    for name, (where, what) in _COLOURS.items():
        yield f"{name}:#{_at(settings, f'{where}.{mode.lower()}Mode.{what}')};"
    for name, (category, enabled) in _PICTURES.items():
        file = pictures.get((category, mode)) if _at(settings, enabled) else None
        yield f'{name}:url("{file}");' if file else f"{name}:none;"


def _at(settings: Settings, path: str) -> Any:
    return reduce(lambda inner, name: inner[name], path.split("."), settings)
