"""The settings of a style: what there is, what is none, and how one lies over another."""

import re

import pytest

from lido import errors
from lido.rules.managed_login import check, defaults, merged
from lido.rules.managed_login_style import stylesheet


def test_cognito_s_own_values_are_settings():
    assert check(defaults()) == defaults()
    assert check({}) == {}


@pytest.mark.parametrize(
    ("settings", "path", "kind"),
    [
        ({"components": {"nothing": {}}}, "$.components.nothing", "UnknownProperty"),
        ({"style": 1}, "$.style", "UnknownProperty"),
        ({"components": {"form": {"borderRadius": "8px"}}}, "$.components.form.borderRadius", "InvalidType"),
        ({"components": {"form": {"borderRadius": True}}}, "$.components.form.borderRadius", "InvalidType"),
        ({"components": {"form": {"borderRadius": -1}}}, "$.components.form.borderRadius", "InvalidValue"),
        ({"components": {"form": {"borderRadius": 1e300}}}, "$.components.form.borderRadius", "InvalidValue"),
        ({"components": {"form": {"lightMode": {"backgroundColor": "red"}}}}, "$.components.form.lightMode", "Invalid"),
        ({"components": {"form": {"lightMode": {"backgroundColor": "ffffff"}}}}, "$.components.form", "InvalidValue"),
        ({"components": {"form": {"lightMode": {"backgroundColor": "ffffffff;"}}}}, "$.components", "InvalidValue"),
        ({"components": {"form": {"lightMode": {"backgroundColor": "ffffffff\n"}}}}, "$.components", "InvalidValue"),
        ({"components": {"form": {"logo": {"enabled": 1}}}}, "$.components.form.logo.enabled", "InvalidType"),
        ({"components": {"favicon": {"enabledTypes": "ICO"}}}, "$.components.favicon.enabledTypes", "InvalidType"),
        ({"components": {"idpButton": {"custom": 1}}}, "$.components.idpButton.custom", "InvalidValue"),
        ({"components": []}, "$.components", "InvalidType"),
        ({"categories": {"global": {"colorSchemeMode": "GREY"}}}, "colorSchemeMode", "InvalidValue"),
    ],
)
def test_what_is_no_setting_is_named(settings, path, kind):
    with pytest.raises(errors.InvalidParameter, match=re.escape(path)) as refusal:
        check(settings)
    assert refusal.value.message.startswith("Invalid settings provided. Validation errors: [{property: $.")
    assert f"errorType: {kind}" in refusal.value.message


def test_only_the_first_errors_are_named():
    with pytest.raises(errors.InvalidParameter) as refusal:
        check({f"x{number}" + "y" * 500: 1 for number in range(1000)})
    assert refusal.value.message.count("UnknownProperty") == 10
    assert len(refusal.value.message) < 3000


def test_what_lies_over_replaces_what_it_names_and_a_list_as_a_whole():
    below = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(below, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}, "d": 1}
    assert below == {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(below, {"a": 2}) == {"a": 2, "d": 1}


def dressed(**scheme):
    return merged(defaults(), {"categories": {"global": {"colorSchemeMode": scheme["mode"]}}})


def test_a_style_shows_the_modes_that_it_names():
    light, dark, both = (stylesheet(dressed(mode=mode), {}) for mode in ("LIGHT", "DARK", "DYNAMIC"))
    assert "color-scheme:light;" in light
    assert "--deed:#0972d3ff;" in light
    assert "--deed:#539fe5ff;" not in light
    assert "--deed:#539fe5ff;" in dark
    assert "prefers-color-scheme" not in light + dark
    first, _, second = both.partition("@media (prefers-color-scheme:dark)")
    assert "color-scheme:light dark;" in first
    assert "--deed:#0972d3ff;" in first
    assert "--deed:#539fe5ff;" in second


def test_a_picture_lies_behind_where_it_is_let():
    pictures = {("PAGE_BACKGROUND", "LIGHT"): "a.png", ("FORM_BACKGROUND", "LIGHT"): "b.png"}
    assert "--ground-picture:none;" in stylesheet(defaults(), pictures)
    let = merged(defaults(), {"components": {"pageBackground": {"image": {"enabled": True}}}})
    assert '--ground-picture:url("a.png");' in stylesheet(let, pictures)
    assert "--sheet-picture:none;" in stylesheet(let, pictures)
    assert "--ground-picture:none;" in stylesheet(let, {})
