"""What people see and write of themselves, and how they leave."""

from typing import Any

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import Confidential, by_name
from tests.operations.round_trips.making import Turns
from tests.sign_ins import refusal
from tests.world import PASSWORD

EMAILS = "alice@example.com", "al@example.org"


@story(
    "GetUser",
    "UpdateUserAttributes",
    "GetUserAttributeVerificationCode",
    "VerifyUserAttribute",
    "DeleteUserAttributes",
    "DeleteUser",
)
def own_attributes(asker: Asker) -> None:
    app = Confidential(asker.house)
    asker.house.user(app.pool_id, "alice")
    token = {"AccessToken": app.sign_in("alice", PASSWORD)["AccessToken"]}
    written = [
        [{"Name": "email", "Value": email}, {"Name": "nickname", "Value": name}]
        for email, name in zip(EMAILS, ("Al", "Ally"), strict=True)
    ]
    examples = {**token, "AttributeName": "email", "UserAttributes": Turns(written)}

    def told() -> dict[str, Any]:
        user = asker.ask_all("GetUser", token, unsigned=True)[1]
        assert user["Username"] == "alice"
        return {name: value for name, value in by_name(user["UserAttributes"]).items() if name != "sub"}

    for turn, email in enumerate(EMAILS):
        changed, answer = asker.ask_all("UpdateUserAttributes", examples, turn=turn, unsigned=True)
        delivered = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
        assert answer["CodeDeliveryDetailsList"] == [delivered]
        assert told() == {**by_name(changed["UserAttributes"]), "email_verified": "false"}

        _, asked = asker.ask_all("GetUserAttributeVerificationCode", examples, unsigned=True)
        assert asked["CodeDeliveryDetails"] == delivered
        asker.ask_all("VerifyUserAttribute", {**examples, "Code": asker.house.code(email)}, unsigned=True)
        assert told() == {**by_name(changed["UserAttributes"]), "email_verified": "true"}

    asker.ask("DeleteUserAttributes", **token, UserAttributeNames=["nickname"], unsigned=True)
    assert told() == {"email": EMAILS[1], "email_verified": "true"}

    asker.ask("DeleteUser", **token, unsigned=True)
    assert refusal(asker.ask, "GetUser", **token, unsigned=True).name == "UserNotFound"
    assert refusal(app.shown, "alice").name == "UserNotFound"
