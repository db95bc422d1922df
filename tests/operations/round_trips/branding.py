"""How an app's pages look: styles of managed login, and the classic customization."""

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import MODEL, Turns, differences
from tests.pictures import picture

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="{}"/></svg>'
BUTTON = {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "aa0000ff", "textColor": "00aa00ff"}}}}
LOGO = {"form": {"logo": {"enabled": True, "location": "START"}}}
SETTINGS = (
    {"components": BUTTON, "categories": {"global": {"colorSchemeMode": "DARK"}}},
    {"components": LOGO, "categories": {"global": {"colorSchemeMode": "DYNAMIC"}}},
)


FIXED = {"FAVICON_ICO": "ICO", "FAVICON_SVG": "SVG", "IDP_BUTTON_ICON": "SVG"}
COLOURS = ("#aa0000", "#00aa00")


def assets(turn: int) -> list[dict[str, object]]:
    """One for each place, in each form and for each scheme of colours."""
    schemes = MODEL.shape_for("ColorSchemeModeType").enum
    made = []
    for number, category in enumerate(MODEL.shape_for("AssetCategoryType").enum):
        form = FIXED.get(category) or ("PNG", "SVG", "JPEG", "WEBP")[(number + turn) % 4]
        content = SVG.format(turn).encode() if form == "SVG" else picture(form, colour=COLOURS[turn])
        place = {"Category": category, "ColorMode": schemes[number % len(schemes)]}
        provider = {"ResourceId": "OurProvider"} if category == "IDP_BUTTON_ICON" else {}
        made.append({**place, **provider, "Extension": form, "Bytes": content})
    return made


@story(
    "CreateManagedLoginBranding",
    "DescribeManagedLoginBranding",
    "DescribeManagedLoginBrandingByClient",
    "UpdateManagedLoginBranding",
    "DeleteManagedLoginBranding",
)
def styles(asker: Asker) -> None:
    pool_id = asker.house.pool()
    client = {"UserPoolId": pool_id, "ClientId": asker.house.app(pool_id)["ClientId"]}
    examples = {
        **client,
        "UseCognitoProvidedValues": False,
        "Settings": Turns(SETTINGS),
        "Assets": Turns((assets(0), assets(1))),
    }
    made, told = asker.ask_all("CreateManagedLoginBranding", examples)
    style = told["ManagedLoginBranding"]
    named = {"UserPoolId": pool_id, "ManagedLoginBrandingId": style["ManagedLoginBrandingId"]}
    assert style["Settings"] == made["Settings"]
    assert differences({name: made[name] for name in made if name != "ClientId"}, style) == []

    def described(*, merged: bool = False) -> dict[str, object]:
        said = {"ReturnMergedResources": merged}
        found = asker.ask("DescribeManagedLoginBranding", **named, **said)["ManagedLoginBranding"]
        by_client = asker.ask("DescribeManagedLoginBrandingByClient", **client, **said)["ManagedLoginBranding"]
        assert found == by_client
        return dict(found)

    assert described() == style
    assert differences(style, described(merged=True)) == []
    assert "secondaryButton" in described(merged=True)["Settings"]["components"]

    asker.house.clock.advance(seconds=1)
    changed, told = asker.ask_all("UpdateManagedLoginBranding", {**examples, **named}, turn=1)
    later = told["ManagedLoginBranding"]
    assert differences(changed, later) == []
    assert later["Settings"]["components"] == {**BUTTON, **LOGO}
    assert later["LastModifiedDate"] > later["CreationDate"] == style["CreationDate"]
    assert described() == later
    whole = described(merged=True)["Settings"]
    asker.ask("UpdateManagedLoginBranding", **named, Settings=whole)
    assert described() == {**later, "Settings": whole}

    asker.ask("UpdateManagedLoginBranding", **named, UseCognitoProvidedValues=True)
    reset = described()
    assert reset["UseCognitoProvidedValues"] is True
    assert set(reset).isdisjoint({"Settings", "Assets"})

    asker.ask("DeleteManagedLoginBranding", **named)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        asker.ask("DescribeManagedLoginBranding", **named)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        asker.ask("DescribeManagedLoginBrandingByClient", **client)


@story("SetUICustomization", "GetUICustomization")
def customizations(asker: Asker) -> None:
    pool_id = asker.house.pool()
    asker.house.idp.create_user_pool_domain(UserPoolId=pool_id, Domain="acme", ManagedLoginVersion=1)
    client_id = asker.house.app(pool_id)["ClientId"]
    for whose in ("ALL", client_id):
        named = {"UserPoolId": pool_id, "ClientId": whose}
        examples = {
            **named,
            "CSS": Turns([f".label-customizable {{font-weight: {weight};}}" for weight in (400, 700)]),
            "ImageFile": Turns((picture("PNG"), picture("JPEG"))),
        }
        versions = set()
        for turn, ending in enumerate((".png", ".jpg")):
            asker.house.clock.advance(seconds=1)
            sent, told = asker.ask_all("SetUICustomization", examples, turn=turn)
            shown = asker.ask("GetUICustomization", **named)["UICustomization"]
            image = sent.pop("ImageFile")
            assert differences(sent, shown) == []
            assert shown == told["UICustomization"]
            assert shown["ImageUrl"].endswith(ending)
            status, _, body = asker.house.http("GET", shown["ImageUrl"])
            assert (status, body[:3]) == (200, image[:3])
            versions.add((shown["ImageUrl"], shown["CSSVersion"]))
        assert [len(set(each)) for each in zip(*versions, strict=True)] == [2, 2]
        assert shown["LastModifiedDate"] > shown["CreationDate"]

        asker.ask("SetUICustomization", **named, CSS=sent["CSS"])
        assert "ImageUrl" not in asker.ask("GetUICustomization", **named)["UICustomization"]

    asker.ask("SetUICustomization", **named)
    assert asker.ask("GetUICustomization", **named)["UICustomization"]["ClientId"] == "ALL"
    asker.ask("SetUICustomization", UserPoolId=pool_id)
    assert asker.ask("GetUICustomization", **named)["UICustomization"] == {}
