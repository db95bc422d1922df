import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.pages import Browser, oauth_app
from tests.pictures import SECRET, opened, picture, talkative

from lido.rules.managed_login import defaults
from lido.storage import assets, events

CSS = ".submitButton-customizable { background-color: #123456; }"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><script>alert(1)</script><rect width="9"/></svg>'
SETTINGS = {
    "components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "aa0000ff"}}}},
    "categories": {"global": {"colorSchemeMode": "DYNAMIC"}},
}
WITH_LOGO = {"components": {"form": {"logo": {"enabled": True, "location": "START"}}}}
NO_ID = "00000000-0000-4000-8000-000000000000"


def refused(code, sentence=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


def asset(category="FORM_LOGO", mode="LIGHT", extension="PNG", content=None, **more):
    content = picture() if content is None else content
    return {"Category": category, "ColorMode": mode, "Extension": extension, "Bytes": content, **more}


class App:
    """An app of a pool, and how it is dressed."""

    def __init__(self, house, **domain):
        self.house, self.idp = house, house.idp
        self.pool_id = house.pool()
        self.client_id = oauth_app(house, self.pool_id)["ClientId"]

    def domain(self, version=1):
        self.idp.create_user_pool_domain(Domain="acme", UserPoolId=self.pool_id, ManagedLoginVersion=version)
        return self

    def create(self, **style):
        client = {"UserPoolId": self.pool_id, "ClientId": self.client_id, **style}
        return self.idp.create_managed_login_branding(**client)["ManagedLoginBranding"]

    def update(self, id_, **style):
        named = {"UserPoolId": self.pool_id, "ManagedLoginBrandingId": id_}
        return self.idp.update_managed_login_branding(**named, **style)["ManagedLoginBranding"]

    def describe(self, id_, **how):
        named = {"UserPoolId": self.pool_id, "ManagedLoginBrandingId": id_}
        return self.idp.describe_managed_login_branding(**named, **how)["ManagedLoginBranding"]

    def by_client(self, **how):
        client = {"UserPoolId": self.pool_id, "ClientId": self.client_id}
        return self.idp.describe_managed_login_branding_by_client(**client, **how)["ManagedLoginBranding"]

    def delete(self, id_):
        self.idp.delete_managed_login_branding(UserPoolId=self.pool_id, ManagedLoginBrandingId=id_)

    def customize(self, **what):
        return self.idp.set_ui_customization(UserPoolId=self.pool_id, **what)["UICustomization"]

    def customized(self, **whose):
        return self.idp.get_ui_customization(UserPoolId=self.pool_id, **whose)["UICustomization"]

    def images(self):
        with self.house.lido.database.read() as tx:
            return assets.digests(tx, self.pool_id)

    def browser(self):
        return Browser(self.house, self.pool_id, self.client_id)

    def files(self):
        """The addresses of stylesheets, pictures and icon of the first page."""
        tags = self.browser().open("login").page.tags
        return {
            "css": [given["href"] for tag, given in tags if tag == "link" and given["rel"] == "stylesheet"][1:],
            "icon": [given["href"] for tag, given in tags if tag == "link" and given["rel"] == "icon"],
            "logo": [given["src"] for tag, given in tags if tag == "img"],
            "dark": [given["srcset"] for tag, given in tags if tag == "source"],
        }

    def fetch(self, path):
        origin = self.browser().base.removesuffix(f"/{self.pool_id}")
        return self.house.http("GET", origin + path)


@pytest.fixture
def app(house):
    return App(house)


# Managed login


def test_a_style_is_described_as_it_was_created(app):
    images = [
        asset(),
        asset(mode="DARK"),
        asset("FAVICON_ICO", "DYNAMIC", "ICO", picture("ICO")),
        asset("FAVICON_SVG", "DYNAMIC", "SVG", SVG),
        asset("PAGE_BACKGROUND", "DYNAMIC", "WEBP", picture("WEBP")),
        asset("FORM_BACKGROUND", "LIGHT", "JPEG", talkative("JPEG")),
        asset("IDP_BUTTON_ICON", "LIGHT", "SVG", SVG, ResourceId="My provider"),
        asset("IDP_BUTTON_ICON", "LIGHT", "SVG", SVG, ResourceId="Another"),
    ]
    made = app.create(Settings=SETTINGS, Assets=images)
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", made.pop("ManagedLoginBrandingId")
    )
    assert made.pop("CreationDate") == made.pop("LastModifiedDate")
    assert made == {
        "UserPoolId": app.pool_id,
        "UseCognitoProvidedValues": False,
        "Settings": SETTINGS,
        "Assets": images,
    }
    shown = app.by_client()
    assert shown["Assets"] == images
    assert app.describe(shown["ManagedLoginBrandingId"]) == shown
    assert app.describe(shown["ManagedLoginBrandingId"].upper()) == shown


def test_cognito_s_own_values_are_told_only_when_they_are_asked_for(app):
    made = app.create(UseCognitoProvidedValues=True)
    assert made["UseCognitoProvidedValues"] is True
    assert "Settings" not in made
    assert "Assets" not in made
    whole = app.by_client(ReturnMergedResources=True)
    assert whole["Settings"] == defaults()
    app.update(made["ManagedLoginBrandingId"], Settings=SETTINGS)
    whole = app.describe(made["ManagedLoginBrandingId"], ReturnMergedResources=True)["Settings"]
    button = whole["components"]["primaryButton"]["lightMode"]
    assert button["defaults"] == {"backgroundColor": "aa0000ff", "textColor": "ffffffff"}
    assert button["hover"] == defaults()["components"]["primaryButton"]["lightMode"]["hover"]


def test_an_update_changes_what_is_sent_and_keeps_the_rest(house, app):
    id_ = app.create(Settings=SETTINGS, Assets=[asset(), asset(mode="DARK")])["ManagedLoginBrandingId"]
    house.clock.advance(seconds=60)
    changed = app.update(id_, Settings=WITH_LOGO)
    assert changed["Settings"] == {
        "categories": SETTINGS["categories"],
        "components": {**SETTINGS["components"], **WITH_LOGO["components"]},
    }
    assert changed["Assets"] == [asset(), asset(mode="DARK")]
    assert changed["CreationDate"] < changed["LastModifiedDate"]
    other = asset(extension="SVG", content=SVG)
    assert app.update(id_, Assets=[other])["Assets"] == [other, asset(mode="DARK")]
    assert app.describe(id_)["Settings"] == changed["Settings"]
    reset = app.update(id_, UseCognitoProvidedValues=True)
    assert reset["UseCognitoProvidedValues"] is True
    assert set(reset) & {"Settings", "Assets"} == set()
    assert app.images() == set()


@pytest.mark.parametrize(
    "style",
    [
        {},
        {"UseCognitoProvidedValues": False},
        {"UseCognitoProvidedValues": True, "Settings": SETTINGS},
        {"UseCognitoProvidedValues": True, "Assets": []},
    ],
)
def test_own_values_and_cognito_s_exclude_each_other(app, style):
    sentence = r"useCognitoProvidedValues or settings should be specified \(but not both\)"
    with refused("InvalidParameterException", sentence):
        app.create(**style)
    id_ = app.create(Settings=SETTINGS)["ManagedLoginBrandingId"]
    with refused("InvalidParameterException", sentence):
        app.update(id_, **style)


@pytest.mark.parametrize(
    "image",
    [
        asset("FAVICON_ICO"),
        asset("FAVICON_SVG", extension="ICO", content=picture("ICO")),
        asset("IDP_BUTTON_ICON"),
        asset("FORM_LOGO", extension="ICO", content=picture("ICO")),
        asset(extension="JPEG"),
        asset(content=b""),
        asset(content=b"<script>alert(1)</script>"),
        asset(content=SVG),
        asset(extension="SVG"),
        asset(extension="SVG", content=b"<html/>"),
        asset(extension="SVG", content=b'<!DOCTYPE svg [<!ENTITY a "aaa">]><svg xmlns="http://www.w3.org/2000/svg"/>'),
        asset(content=picture()[:-20]),
        {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG"},
        asset("IDP_BUTTON_ICON", extension="SVG", content=SVG, ResourceId="../x"),
    ],
    ids=range(14),
)
def test_an_image_that_is_not_what_it_says_or_not_for_its_place_is_refused(app, image):
    with refused("InvalidParameterException"):
        app.create(Assets=[image])
    assert app.images() == set()


def test_images_are_bounded(app):
    with refused("InvalidParameterException"):
        app.create(Assets=[asset(), asset()])
    many = [
        asset("IDP_BUTTON_ICON", extension="SVG", content=SVG, ResourceId=f"provider {number}") for number in range(41)
    ]
    with refused("InvalidParameterException"):
        app.create(Assets=many)
    id_ = app.create(Assets=many[:40])["ManagedLoginBrandingId"]
    with refused("InvalidParameterException"):
        app.update(id_, Assets=many[40:])
    assert len(app.images()) == 1


def test_a_client_has_one_style_and_a_pool_twenty(house, app):
    made = app.create(Settings=SETTINGS)
    with refused("ManagedLoginBrandingExistsException"):
        app.create(Settings=SETTINGS)
    for _ in range(19):
        app.create(UseCognitoProvidedValues=True, ClientId=house.app(app.pool_id)["ClientId"])
    with refused("LimitExceededException", "20"):
        app.create(UseCognitoProvidedValues=True, ClientId=house.app(app.pool_id)["ClientId"])
    app.delete(made["ManagedLoginBrandingId"])
    app.create(Settings=SETTINGS)


def test_of_many_who_create_a_style_at_once_one_does(app):
    def attempt(_):
        try:
            return bool(app.create(Settings=SETTINGS, Assets=[asset()]))
        except ClientError as refusal:
            return refusal.response["Error"]["Code"]

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(attempt, range(4)))
    assert sorted(map(str, outcomes)) == ["ManagedLoginBrandingExistsException"] * 3 + ["True"]


def test_settings_that_are_none_are_named(app):
    with refused("InvalidParameterException", r"property: \$\.components\.nothing, errorType: UnknownProperty"):
        app.create(Settings={"components": {"nothing": {}}})


def test_what_is_gone_or_somebody_else_s_is_not_found(house, app):
    id_ = app.create(Settings=SETTINGS, Assets=[asset()])["ManagedLoginBrandingId"]
    other = house.pool()
    for operation in (
        app.idp.describe_managed_login_branding,
        app.idp.delete_managed_login_branding,
    ):
        with refused("ResourceNotFoundException"):
            operation(UserPoolId=other, ManagedLoginBrandingId=id_)
        with refused("ResourceNotFoundException"):
            operation(UserPoolId=app.pool_id, ManagedLoginBrandingId=NO_ID)
    with refused("ResourceNotFoundException"):
        app.idp.update_managed_login_branding(UserPoolId=other, ManagedLoginBrandingId=id_, Settings=SETTINGS)
    with refused("ResourceNotFoundException"):
        app.create(ClientId="a" * 26, Settings=SETTINGS)
    app.delete(id_)
    assert app.images() == set()
    for ask in (app.by_client, lambda: app.describe(id_), lambda: app.update(id_, Settings=SETTINGS)):
        with refused("ResourceNotFoundException"):
            ask()


def test_an_update_must_say_of_what(app):
    for named in ({}, {"UserPoolId": app.pool_id}, {"ManagedLoginBrandingId": NO_ID}):
        with refused("InvalidParameterException"):
            app.idp.update_managed_login_branding(Settings=SETTINGS, **named)


def test_a_deleted_client_takes_its_looks_along(app):
    app.domain()
    id_ = app.create(Settings=SETTINGS, Assets=[asset()])["ManagedLoginBrandingId"]
    app.customize(ClientId=app.client_id, CSS=CSS)
    app.idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
    with refused("ResourceNotFoundException"):
        app.describe(id_)
    with refused("ResourceNotFoundException"):
        app.customized(ClientId=app.client_id)
    assert app.images() == set()


# The classic customization


def test_a_customization_is_told_as_it_was_set(house, app):
    app.domain()
    made = app.customize(CSS=CSS, ImageFile=picture("JPEG"))
    assert (made["UserPoolId"], made["ClientId"], made["CSS"]) == (app.pool_id, "ALL", CSS)
    assert re.fullmatch(r"\d{14}", made["CSSVersion"])
    assert made["ImageUrl"].endswith(".jpg")
    assert app.customized() == made == app.customized(ClientId="ALL")
    house.clock.advance(seconds=60)
    again = app.customize(CSS=CSS)
    assert again["CSSVersion"] == made["CSSVersion"]
    assert again["CreationDate"] == made["CreationDate"] < again["LastModifiedDate"]
    assert "ImageUrl" not in again
    assert app.images() == set()


def test_a_client_s_own_goes_before_that_of_all(app):
    app.domain()
    assert app.customized() == {}
    app.customize(CSS=CSS)
    assert app.customized(ClientId=app.client_id)["ClientId"] == "ALL"
    app.customize(ClientId=app.client_id, ImageFile=picture())
    own = app.customized(ClientId=app.client_id)
    assert own["ClientId"] == app.client_id
    assert "CSS" not in own
    app.customize(ClientId=app.client_id)
    assert app.customized(ClientId=app.client_id)["CSS"] == CSS
    app.customize()
    assert app.customized() == {}


def test_a_customization_needs_a_domain(app):
    with refused("InvalidParameterException", r"A domain must be associated with this user pool\."):
        app.customize(CSS=CSS)


@pytest.mark.parametrize(
    "what",
    [
        {"CSS": ".evil { color: red }"},
        {"CSS": "@import 'https://evil.example';"},
        {"CSS": CSS + " " * 3072},
        {"ImageFile": SVG},
        {"ImageFile": picture("WEBP")},
        {"ImageFile": picture("ICO")},
        {"ImageFile": picture()[:-20]},
        {"ImageFile": picture() + bytes(100 * 1024)},
        {"ImageFile": b"<script>alert(1)</script>"},
    ],
    ids=range(9),
)
def test_a_customization_that_could_do_harm_is_refused(app, what):
    app.domain()
    with refused("InvalidParameterException"):
        app.customize(**what)
    assert app.customized() == {}


def test_a_class_that_may_not_be_dressed_is_named(app):
    app.domain()
    with refused("InvalidParameterException", r"The CSS class evil is not in the list of allowed classes\."):
        app.customize(CSS=".evil { color: red }")


# The pages


def test_the_pages_show_the_classic_customization(app):
    app.domain()
    url = app.customize(CSS=CSS, ImageFile=talkative("PNG"))["ImageUrl"]
    files = app.files()
    status, headers, css = app.fetch(files["css"][0])
    assert (status, headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert css == b".submitButton-customizable{background-color:#123456;}\n"
    status, headers, logo = app.fetch(files["logo"][0])
    assert (status, headers["content-type"]) == (200, "image/png")
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert opened(logo).size == (64, 32)
    assert SECRET.encode() not in logo
    assert url.endswith(files["logo"][0].partition("/static/")[2])
    app.customize()
    assert app.files()["css"] == app.files()["logo"] == []


def test_the_pages_show_the_style(app):
    id_ = app.create(
        Settings={**SETTINGS, **WITH_LOGO},
        Assets=[
            asset(extension="SVG", content=SVG),
            asset(mode="DARK"),
            asset("FAVICON_SVG", "DYNAMIC", "SVG", SVG),
        ],
    )["ManagedLoginBrandingId"]
    files = app.files()
    css = app.fetch(files["css"][0])[2].decode()
    assert "--deed:#0972d3ff;" in css  # the settings of components were replaced by those with the logo
    assert "prefers-color-scheme:dark" in css
    status, headers, logo = app.fetch(files["logo"][0])
    assert (status, headers["content-type"]) == (200, "image/svg+xml")
    assert b"<rect" in logo
    assert b"script" not in logo
    assert files["icon"] == files["logo"]
    assert files["dark"][0].endswith(".png")
    app.update(id_, Settings=SETTINGS)
    changed = app.files()["css"]
    assert changed != files["css"]
    assert "--deed:#aa0000ff;" in app.fetch(changed[0])[2].decode()
    assert app.fetch(files["css"][0])[0] == 404
    app.delete(id_)
    assert app.files() == {"css": [], "icon": app.files()["icon"], "logo": [], "dark": []}
    assert app.fetch(files["logo"][0])[0] == 404


def test_the_version_of_the_domain_decides_between_both(app):
    app.domain(version=1).create(Settings=SETTINGS)
    app.customize(CSS=CSS)
    assert b"submitButton" in app.fetch(app.files()["css"][0])[2]
    app.idp.update_user_pool_domain(Domain="acme", UserPoolId=app.pool_id, ManagedLoginVersion=2)
    assert b"--deed:#aa0000ff" in app.fetch(app.files()["css"][0])[2]


def test_another_pool_s_pictures_are_not_shown(house, app):
    app.create(Settings=WITH_LOGO, Assets=[asset()])
    path = app.files()["logo"][0]
    assert app.fetch(path)[0] == 200
    other = path.replace(app.pool_id, house.pool())
    assert other != path
    assert app.fetch(other)[0] == 404
    for wrong in (path.replace(".png", ".svg"), path.replace(".png", ".css"), path.replace(".png", ".html")):
        assert app.fetch(wrong)[0] == 404


def test_each_change_is_told_and_survives_a_restart(house, app):
    app.domain()
    id_ = app.create(Settings=SETTINGS)["ManagedLoginBrandingId"]
    app.update(id_, Settings=WITH_LOGO)
    app.customize(CSS=CSS)
    app.delete(id_)
    with house.lido.database.read() as tx:
        told = [each.body for each in events.page_of_pool(tx, app.pool_id, after="", before="~", limit=100)]
    deeds = [each["operation"] for each in told if each.get("names") == ["Branding"]]
    assert deeds == [
        "CreateManagedLoginBranding",
        "UpdateManagedLoginBranding",
        "SetUICustomization",
        "DeleteManagedLoginBranding",
    ]
    assert json.dumps(told).count(CSS) == 0
