"""Passwords of people: forgotten, and changed."""

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import Confidential
from tests.operations.round_trips.making import Turns
from tests.sign_ins import refusal
from tests.world import PASSWORD

EMAIL = "alice@example.com"
NEXT, LAST = "N3xt-password", "L4st-password"
WRONG = ("NotAuthorized", "Incorrect username or password.")


@story("ForgotPassword", "ConfirmForgotPassword")
def forgotten_passwords(asker: Asker) -> None:
    app = Confidential(asker.house)
    asker.house.user(app.pool_id, "alice", email=EMAIL, email_verified="true")
    examples = app.examples("alice", Password=Turns((NEXT, LAST)))
    before = PASSWORD

    for turn, password in enumerate((NEXT, LAST)):
        _, asked = asker.ask_all("ForgotPassword", examples, turn=turn, unsigned=True)
        assert asked["CodeDeliveryDetails"] == {
            "Destination": "a***@e***",
            "DeliveryMedium": "EMAIL",
            "AttributeName": "email",
        }
        assert app.sign_in("alice", before)["AccessToken"], "asking for a code changes nothing"
        code = {"ConfirmationCode": asker.house.code(EMAIL)}
        asker.ask_all("ConfirmForgotPassword", {**examples, **code}, turn=turn, unsigned=True)
        assert refusal(app.sign_in, "alice", before) == WRONG
        assert app.sign_in("alice", password)["AccessToken"]
        spent = refusal(asker.ask_all, "ConfirmForgotPassword", {**examples, **code}, turn=turn, unsigned=True)
        assert spent.name == "ExpiredCode"
        before = password
        asker.house.clock.advance(hours=1)


@story("ChangePassword")
def changed_passwords(asker: Asker) -> None:
    app = Confidential(asker.house)
    asker.house.user(app.pool_id, "alice")
    token = {"AccessToken": app.sign_in("alice", PASSWORD)["AccessToken"]}
    examples = {**token, "PreviousPassword": Turns((PASSWORD, NEXT)), "ProposedPassword": Turns((NEXT, LAST))}

    for turn, (before, after) in enumerate(((PASSWORD, NEXT), (NEXT, LAST))):
        asker.ask_all("ChangePassword", examples, turn=turn, unsigned=True)
        assert refusal(app.sign_in, "alice", before) == WRONG
        assert app.sign_in("alice", after)["AccessToken"]
        again = refusal(asker.ask_all, "ChangePassword", examples, turn=turn, unsigned=True)
        assert again.name == "NotAuthorized"
