"""What the pages of a client show: branding and terms."""

from collections.abc import Mapping, Sequence
from typing import Any

from lido.call import Call
from lido.stacks import TemplateError
from lido.stacks.comparing import Difference, merged
from lido.stacks.door import Door
from lido.stacks.kinds import Kind, Properties, gone, joined_id, parts_of
from lido.stacks.kinds.of_pools import members


class ManagedLoginBranding(Kind):
    """Branding is of a client for ever, which only its physical id remembers."""

    type = "AWS::Cognito::ManagedLoginBranding"
    rank = 6
    properties = {**members("CreateManagedLoginBrandingRequest"), "ReturnMergedResources": "BooleanType"}  # noqa: RUF012 - never changed
    required = ("UserPoolId", "ClientId")
    replaced_by = ("UserPoolId", "ClientId")
    goes_first = True
    only_at_creation = ("ReturnMergedResources",)
    operations = ("CreateManagedLoginBranding", "DescribeManagedLoginBranding", "DescribeManagedLoginBrandingByClient")

    def normal(self, wanted: Properties, generated: str) -> Properties:  # noqa: ARG002 - it has no name
        if not wanted.get("UseCognitoProvidedValues") and not {"Settings", "Assets"} & set(wanted):
            raise TemplateError("Branding has Settings or Assets, or UseCognitoProvidedValues.")
        return wanted

    def expected(self, wanted: Properties) -> str:  # noqa: ARG002 - its id is chosen when it is made
        return ""

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        given = {name: value for name, value in wanted.items() if name not in self.only_at_creation}
        made = door.ask("CreateManagedLoginBranding", call, **given)["ManagedLoginBranding"]
        return joined_id(made["UserPoolId"], str(wanted["ClientId"]), made["ManagedLoginBrandingId"])

    def read(self, door: Door, physical_id: str) -> Properties | None:
        found = door.find("DescribeManagedLoginBranding", **_branding(physical_id))
        if found is None:
            return None
        told = found["ManagedLoginBranding"]
        return {
            **{name: value for name, value in told.items() if name in self.properties},
            "ClientId": parts_of(physical_id)[1],
        }

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        """The operation only adds to settings and images: where some are to go, all go first."""
        if wanted.get("UseCognitoProvidedValues"):
            door.ask("UpdateManagedLoginBranding", **_branding(physical_id), UseCognitoProvidedValues=True)
            return
        complete = merged(present, wanted, gone(found))
        if gone(found) or _slots(present) - _slots(complete):
            door.ask("UpdateManagedLoginBranding", **_branding(physical_id), UseCognitoProvidedValues=True)
        given = {name: complete[name] for name in ("Settings", "Assets") if name in complete}
        door.ask("UpdateManagedLoginBranding", **_branding(physical_id), **given)

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask("DeleteManagedLoginBranding", **_branding(physical_id))

    def find(self, door: Door, wanted: Properties) -> str | None:
        pool_id, client_id = str(wanted["UserPoolId"]), str(wanted["ClientId"])
        found = door.find("DescribeManagedLoginBrandingByClient", UserPoolId=pool_id, ClientId=client_id)
        if found is None:
            return None
        return joined_id(pool_id, client_id, found["ManagedLoginBranding"]["ManagedLoginBrandingId"])

    def attributes(self, door: Door, physical_id: str) -> Mapping[str, Any]:  # noqa: ARG002 - it is in the id
        return {"ManagedLoginBrandingId": parts_of(physical_id)[-1]}


class Terms(Kind):
    type = "AWS::Cognito::Terms"
    rank = 6
    properties = members("CreateTermsRequest")
    required = ("UserPoolId", "ClientId", "TermsName", "TermsSource", "Enforcement")
    replaced_by = ("UserPoolId", "ClientId")
    goes_first = True
    operations = ("CreateTerms", "DescribeTerms", "UpdateTerms", "ListTerms")

    def expected(self, wanted: Properties) -> str:  # noqa: ARG002 - its id is chosen when it is made
        return ""

    def create(self, door: Door, call: Call, wanted: Properties) -> str:
        made = door.ask("CreateTerms", call, **wanted)["Terms"]
        return joined_id(made["UserPoolId"], made["TermsId"])

    def read(self, door: Door, physical_id: str) -> Properties | None:
        found = door.find("DescribeTerms", **_terms(physical_id))
        return found and {name: value for name, value in found["Terms"].items() if name in self.properties}

    def update(
        self, door: Door, physical_id: str, present: Properties, wanted: Properties, found: Sequence[Difference]
    ) -> None:
        complete = merged(present, wanted, gone(found))
        complete.pop("ClientId", None)
        door.ask("UpdateTerms", **{**complete, **_terms(physical_id)})

    def delete(self, door: Door, physical_id: str) -> None:
        door.ask("DeleteTerms", **_terms(physical_id))

    def find(self, door: Door, wanted: Properties) -> str | None:
        pool_id = str(wanted["UserPoolId"])
        for each in door.every("ListTerms", "Terms", UserPoolId=pool_id, MaxResults=60):
            found = joined_id(pool_id, each["TermsId"])
            there = self.read(door, found) if each["TermsName"] == wanted["TermsName"] else None
            if there and there.get("ClientId") == wanted["ClientId"]:
                return found
        return None

    def attributes(self, door: Door, physical_id: str) -> Mapping[str, Any]:  # noqa: ARG002 - it is in the id
        return {"TermsId": parts_of(physical_id)[-1]}


def _slots(properties: Properties) -> set[tuple[str | None, ...]]:
    """The places that the images of a branding take."""
    names = ("Category", "ColorMode", "ResourceId")
    return {tuple(asset.get(name) for name in names) for asset in properties.get("Assets", ())}


def _branding(physical_id: str) -> dict[str, str]:
    pool_id, _, branding_id = parts_of(physical_id)
    return {"UserPoolId": pool_id, "ManagedLoginBrandingId": branding_id}


def _terms(physical_id: str) -> dict[str, str]:
    pool_id, terms_id = parts_of(physical_id)
    return {"UserPoolId": pool_id, "TermsId": terms_id}
