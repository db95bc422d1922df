"""Whoever may dress a pool's pages cannot make them run, fetch or tell anything: text, images, SVG and CSS."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.pages import Browser, oauth_app
from tests.pictures import picture

from lido import errors
from lido.rules import images, managed_login, stylesheets, svg
from lido.rules.images import Unfit
from lido.rules.managed_login import defaults, merged
from lido.rules.managed_login_style import stylesheet

EVIL = [
    "</style><script>alert(1)</script>",
    "ffffffff;}</style><script>",
    "ffffffff}body{background:url(//evil.example)}",
    "url(//evil.example)",
    "expression(alert(1))",
    '");background:url("//evil.example',
    "javascript:alert(1)",
    "\\66 fffffff",
    "ffffffff\n",
    "\u0661" * 8,
]
PICTURES = {form: picture(form) for form in ("PNG", "JPEG", "WEBP", "ICO")}
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><style>a{fill:url(//evil.example)}</style>'
    b"<script>alert(1)</script><rect fill=\"url(#a)\" style='x:y'/><use href='#a'/></svg>"
)
SHEET = ".logo-customizable, .inputField-customizable:focus { color: rgb(1 2 3 / calc(1% * 2)); content: 'x\\'y' }"


def mutated(content):
    """The bytes with a few of them changed, cut out or repeated."""
    places = st.integers(0, len(content) - 1)
    piece = st.tuples(
        places, st.integers(0, 40), st.binary(max_size=12) | st.sampled_from([b"\xff", b"<", b"\0\0\0\0"])
    )

    def change(pieces):
        changed = content
        for start, length, new in pieces:
            changed = changed[:start] + new + changed[start + length :]
        return changed

    return st.lists(piece, max_size=6).map(change)


@pytest.mark.parametrize("form", PICTURES)
def test_a_damaged_picture_is_refused_or_stays_a_picture(form):
    @settings(max_examples=150, deadline=None)
    @given(content=mutated(PICTURES[form]) | st.binary(max_size=200))
    def judged(content):
        try:
            shown = images.cleaned(form, content)
        except Unfit:
            return
        assert images.kind_of(shown) == form
        assert images.cleaned(form, shown) == shown

    judged()


@settings(max_examples=300, deadline=None)
@given(content=mutated(DRAWING))
def test_a_damaged_drawing_is_refused_or_harmless(content):
    try:
        shown = svg.cleaned(content)
    except ValueError:
        return
    assert re.search(rb"<script|\son\w+=|evil\.example", shown) is None
    assert svg.cleaned(shown) == shown


@settings(max_examples=400, deadline=None)
@given(css=mutated(SHEET.encode()).map(lambda css: css.decode("utf-8", "replace")) | st.text(max_size=200))
def test_any_css_is_refused_or_says_the_same_when_it_is_read_again(css):
    try:
        shown = stylesheets.checked(css)
    except errors.InvalidParameter:
        return
    assert stylesheets.checked(shown) == shown
    selectors = re.findall(r"^([^{]*)\{", shown, re.MULTILINE)
    assert all(re.fullmatch(r"[.:,A-Za-z-]+", selector) for selector in selectors if "customizable" in selector)


def colours(document, path=()):
    for name, value in document.items():
        if isinstance(value, dict):
            yield from colours(value, (*path, name))
        elif isinstance(value, str) and re.fullmatch(r"[0-9a-fA-F]{8}", value):
            yield (*path, name)


def nested(path, value):
    for name in reversed(path):
        value = {name: value}
    return value


@pytest.mark.parametrize("evil", EVIL)
def test_no_colour_breaks_out_of_the_stylesheet(evil):
    for path in colours(defaults()):
        with pytest.raises(errors.InvalidParameter):
            managed_login.check(nested(path, evil))


def test_whatever_settings_are_taken_make_only_variables():
    free = {
        "components": {
            "form": {"logo": {"location": EVIL[0], "enabled": True}},
            "phoneNumberSelector": {"displayType": EVIL[0]},
            "idpButton": {"custom": {EVIL[0]: EVIL[1]}},
        },
        "categories": {"global": {"spacingDensity": EVIL[0]}, "form": {"location": {"vertical": EVIL[2]}}},
    }
    css = stylesheet(merged(defaults(), managed_login.check(free)), {})
    assert re.fullmatch(r":root\{(?:[a-z-]+:[#0-9a-zA-Z. ]+;)+\}\n", css)


@pytest.mark.parametrize("evil", EVIL)
def test_the_text_of_settings_is_text_in_the_page(house, evil):
    pool_id = house.pool()
    client_id = oauth_app(house, pool_id)["ClientId"]
    house.idp.create_managed_login_branding(
        UserPoolId=pool_id,
        ClientId=client_id,
        Settings={"components": {"form": {"logo": {"enabled": True, "location": evil}}}},
        Assets=[
            {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "SVG", "Bytes": DRAWING},
        ],
    )
    browser = Browser(house, pool_id, client_id).open("login")
    assert not any(tag in {"script", "style"} for tag, _ in browser.page.tags)
    assert len([tag for tag, _ in browser.page.tags if tag == "img"]) == 1
    policy = browser.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "img-src 'self';" in policy
