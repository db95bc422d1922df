"""An app's own looks in a real browser: they show, in light and dark, and nothing of them runs."""

import pytest
from tests.browser.chromium import app
from tests.browser.test_login import Pool
from tests.pictures import picture

pytestmark = pytest.mark.sdk

LOGO = b"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40" width="120" height="40" onload="alert(1)">
<script>document.documentElement.setAttribute('data-ran', 'yes')</script>
<rect width="120" height="40" rx="8" fill="#7a1fa2"/>
<text x="60" y="26" fill="#fff" text-anchor="middle" font-family="sans-serif" font-size="18">ACME</text></svg>"""
STYLE = {
    "categories": {"global": {"colorSchemeMode": "DYNAMIC"}},
    "componentClasses": {"buttons": {"borderRadius": 20.0}},
    "components": {
        "form": {"logo": {"enabled": True, "location": "CENTER"}, "borderRadius": 4.0},
        "pageBackground": {
            "image": {"enabled": True},
            "lightMode": {"color": "f3e5f5ff"},
            "darkMode": {"color": "1a0022ff"},
        },
        "primaryButton": {
            "lightMode": {"defaults": {"backgroundColor": "7a1fa2ff", "textColor": "ffffffff"}},
            "darkMode": {"defaults": {"backgroundColor": "ce93d8ff", "textColor": "1a0022ff"}},
        },
    },
}
CLASSIC = """.banner-customizable { padding: 10px; background-color: #263238; }
.submitButton-customizable { background-color: #00695c; border-radius: 0; }
.label-customizable { color: #004d40; }
.inputField-customizable { border-radius: 1px; }
.inputField-customizable:focus { border-color: #00695c; }"""


@pytest.fixture
def callback():
    with app() as address:
        yield address


@pytest.fixture
def complaints(server, page):
    """What the browser complains about: a policy that was broken, a file that failed."""
    found = []
    page.on("console", lambda message: found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    return found


@pytest.fixture
def styled(server, idp, callback):
    pool = Pool(server, idp, callback)
    image = {"ColorMode": "DYNAMIC", "Extension": "SVG", "Bytes": LOGO}
    background = {"ColorMode": "DARK", "Extension": "PNG", "Bytes": picture(colour="#2b0036")}
    idp.create_managed_login_branding(
        UserPoolId=pool.id,
        ClientId=pool.client,
        Settings=STYLE,
        Assets=[
            {"Category": "FORM_LOGO", **image},
            {"Category": "FAVICON_SVG", **image},
            {"Category": "PAGE_BACKGROUND", **background},
        ],
    )
    return pool


def computed(page, selector, name):
    return page.eval_on_selector(selector, "(found, name) => getComputedStyle(found)[name]", name)


@pytest.mark.parametrize(
    ("scheme", "button", "ground"),
    [("light", "rgb(122, 31, 162)", "rgb(243, 229, 245)"), ("dark", "rgb(206, 147, 216)", "rgb(26, 0, 34)")],
)
def test_a_style_shows_in_light_and_dark(page, styled, complaints, scheme, button, ground):
    page.emulate_media(color_scheme=scheme)
    page.goto(styled.url())

    assert computed(page, ".submitButton-customizable", "backgroundColor") == button
    assert computed(page, ".submitButton-customizable", "borderRadius") == "20px"
    assert computed(page, "body", "backgroundColor") == ground
    assert (computed(page, "body", "backgroundImage") == "none") == (scheme == "light")
    assert page.eval_on_selector("img.logo-customizable", "logo => logo.naturalWidth") == 120
    assert complaints == []


def test_a_style_of_one_mode_stays_in_it(page, idp, styled):
    named = {"UserPoolId": styled.id, "ClientId": styled.client}
    id_ = idp.describe_managed_login_branding_by_client(**named)["ManagedLoginBranding"]["ManagedLoginBrandingId"]
    idp.update_managed_login_branding(
        UserPoolId=styled.id,
        ManagedLoginBrandingId=id_,
        Settings={"categories": {"global": {"colorSchemeMode": "LIGHT"}}},
    )
    page.emulate_media(color_scheme="dark")
    page.goto(styled.url())

    assert computed(page, "body", "backgroundColor") == "rgb(243, 229, 245)"
    assert computed(page, "h1", "color") == "rgb(0, 7, 22)"
    assert computed(page, "html", "colorScheme") == "light"


def test_the_classic_customization_shows(page, server, idp, callback, complaints):
    pool = Pool(server, idp, callback)
    idp.create_user_pool_domain(Domain=f"classic-{pool.client.lower()}", UserPoolId=pool.id)
    idp.set_ui_customization(UserPoolId=pool.id, CSS=CLASSIC, ImageFile=picture("JPEG"))
    page.goto(pool.url())

    assert computed(page, ".submitButton-customizable", "backgroundColor") == "rgb(0, 105, 92)"
    assert computed(page, "label", "color") == "rgb(0, 77, 64)"
    assert computed(page, "input:focus", "borderRadius") == "1px"
    assert computed(page, "input:focus", "borderColor") == "rgb(0, 105, 92)"
    assert page.eval_on_selector("img.logo-customizable", "logo => logo.naturalWidth") == 64
    assert complaints == []


def test_a_picture_that_is_opened_by_itself_runs_nothing(page, styled, complaints):
    page.goto(styled.url())
    page.goto(page.eval_on_selector("img.logo-customizable", "logo => logo.src"))

    assert page.eval_on_selector("svg", "svg => svg.getAttribute('onload')") is None
    assert page.locator("script").count() == 0
    assert page.evaluate("document.documentElement.getAttribute('data-ran')") is None
    assert page.evaluate("self.origin") == "null"
    assert complaints == []
