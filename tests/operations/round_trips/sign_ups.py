"""People who sign themselves up, and the codes that confirm them."""

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import Confidential
from tests.sign_ins import refusal
from tests.world import PASSWORD

EMAIL = "alice@example.com"
DELIVERED = {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}


@story("SignUp", "ResendConfirmationCode", "ConfirmSignUp")
def sign_ups(asker: Asker) -> None:
    app = Confidential(asker.house, pool={"AliasAttributes": ["email"]})
    asker.house.user(app.pool_id, "earlier", email=EMAIL, email_verified="true")
    attributes = [{"Name": "email", "Value": EMAIL}, {"Name": "nickname", "Value": "Al"}]
    examples = app.examples("alice", Password=PASSWORD, UserAttributes=attributes)

    _, told = asker.ask_all("SignUp", examples, unsigned=True)
    assert (told["UserConfirmed"], told["CodeDeliveryDetails"]) == (False, DELIVERED)
    shown = app.shown("alice")
    assert shown["UserStatus"] == "UNCONFIRMED"
    assert shown["UserAttributes"] == {
        "sub": told["UserSub"],
        "email": EMAIL,
        "email_verified": "false",
        "nickname": "Al",
    }
    assert refusal(asker.ask_all, "SignUp", examples, unsigned=True).name == "UsernameExists"

    old = asker.house.code(EMAIL)
    _, resent = asker.ask_all("ResendConfirmationCode", examples, unsigned=True)
    assert resent["CodeDeliveryDetails"] == DELIVERED
    confirming = {"Session": told["Session"], "ConfirmationCode": old, "ForceAliasCreation": False, **examples}
    assert refusal(asker.ask_all, "ConfirmSignUp", confirming, unsigned=True).name == "CodeMismatch"
    confirming["ConfirmationCode"] = asker.house.code(EMAIL)
    assert refusal(asker.ask_all, "ConfirmSignUp", confirming, unsigned=True).name == "AliasExists"

    _, confirmed = asker.ask_all("ConfirmSignUp", {**confirming, "ForceAliasCreation": True}, unsigned=True)
    assert confirmed["Session"] != told["Session"]
    assert app.shown("alice")["UserStatus"] == "CONFIRMED"
    assert app.shown(EMAIL)["Username"] == "alice", "the address leads to whoever proved it last"
    assert app.shown("alice")["UserAttributes"]["email_verified"] == "true"
    assert app.shown("earlier")["UserAttributes"]["email_verified"] == "false"
    assert app.sign_in("alice", PASSWORD)["AccessToken"]
