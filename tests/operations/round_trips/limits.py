"""Request rates of a region."""

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns


@story("GetProvisionedLimit", "UpdateProvisionedLimit")
def provisioned_limits(asker: Asker) -> None:
    examples = {"Attributes": {"Category": "UserRead"}, "RequestedLimitValue": Turns((130, 170))}
    asked, told = asker.ask_all("GetProvisionedLimit", examples)
    before = told["Limit"]
    other = {"LimitClass": "API_CATEGORY", "Attributes": {"Category": "UserCreation"}}
    untouched = asker.ask("GetProvisionedLimit", LimitDefinition=other)["Limit"]

    for turn in range(2):
        changed, told = asker.ask_all("UpdateProvisionedLimit", examples, turn=turn)
        expected = {**before, "ProvisionedLimitValue": changed["RequestedLimitValue"]}
        assert told["Limit"] == expected
        assert asker.ask("GetProvisionedLimit", **asked)["Limit"] == expected

    assert before["LimitDefinition"] == asked["LimitDefinition"]
    assert asker.ask("GetProvisionedLimit", LimitDefinition=other)["Limit"] == untouched
