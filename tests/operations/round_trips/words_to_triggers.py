"""What apps say to the functions of a pool, by `ClientMetadata` and `ValidationData`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.fakes import Functions
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import Confidential
from tests.operations.round_trips.making import LEFT_OUT
from tests.world import PASSWORD, World, sign_by

EMAILS = "alice@example.com", "al@example.org"
NEXT = "N3xt-password"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:{}"
TRIGGERS = (
    "PreSignUp",
    "CustomMessage",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "PreTokenGeneration",
)
ROTATION = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}


@story()
def words_of_newcomers(asker: Asker) -> None:
    with hearing(asker) as heard:
        app = Speaking(asker, heard)
        data = [{"Name": "campaign", "Value": "spring"}]
        signing_up = {"UserAttributes": [{"Name": "email", "Value": EMAILS[0]}], "ValidationData": data}
        app.say("SignUp", "PreSignUp_SignUp", "CustomMessage_SignUp", Password=PASSWORD, **signing_up)
        assert heard.events[0]["request"]["validationData"] == {"campaign": "spring"}
        app.say("ResendConfirmationCode", "CustomMessage_ResendCode")
        code = {"ConfirmationCode": asker.house.code(EMAILS[0]), "Session": LEFT_OUT}
        app.say("ConfirmSignUp", "PostConfirmation_ConfirmSignUp", **code)
        app.say("ForgotPassword", "CustomMessage_ForgotPassword")
        code = {"ConfirmationCode": asker.house.code(EMAILS[0]), "Password": NEXT}
        app.say("ConfirmForgotPassword", "PostConfirmation_ConfirmForgotPassword", **code)

        token = {"AccessToken": app.sign_in("alice", NEXT)["AccessToken"]}
        changed = {"UserAttributes": [{"Name": "email", "Value": EMAILS[1]}]}
        app.say("UpdateUserAttributes", "CustomMessage_UpdateUserAttribute", **token, **changed)
        asked = {"AttributeName": "email"}
        app.say("GetUserAttributeVerificationCode", "CustomMessage_VerifyUserAttribute", **token, **asked)


@story()
def words_at_the_door(asker: Asker) -> None:
    with hearing(asker) as heard:
        app = Speaking(asker, heard)
        asker.house.user(app.pool_id, "alice")
        named = {"USERNAME": "alice", "SECRET_HASH": app.hashed("alice")}
        asked = {"PREFERRED_CHALLENGE": "PASSWORD", **named}
        beginning = {"AuthFlow": "USER_AUTH", "AuthParameters": asked, "Session": LEFT_OUT}
        answering = {"ChallengeName": "PASSWORD", "ChallengeResponses": {**named, "PASSWORD": PASSWORD}}
        sources = "PostAuthentication_Authentication", "TokenGeneration_Authentication"

        for doors in ("", "Admin"):
            begun = app.say(f"{doors}InitiateAuth", "PreAuthentication_Authentication", **beginning)
            assert "clientMetadata" not in heard.events[0]["request"]
            told = app.say(f"{doors}RespondToAuthChallenge", *sources, **answering, Session=begun["Session"])
            token = {"RefreshToken": told["AuthenticationResult"]["RefreshToken"], "DeviceKey": LEFT_OUT}
            refreshing = {**token, "ClientSecret": app.secret}
            app.say("GetTokensFromRefreshToken", "TokenGeneration_RefreshTokens", **refreshing)


class Speaking(Confidential):
    """An app that says something to the pool's functions with each request of alice."""

    def __init__(self, asker: Asker, heard: Functions) -> None:
        functions = {name: ARN.format(name) for name in TRIGGERS}
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        super().__init__(
            asker.house, pool={"LambdaConfig": functions}, ExplicitAuthFlows=flows, RefreshTokenRotation=ROTATION
        )
        self.asker, self.heard = asker, heard

    def say(self, operation: str, *sources: str, **more: Any) -> Any:
        """The answer to a request whose words these functions, and no others, heard."""
        said = {"operation": operation}
        self.heard.events.clear()
        examples = self.examples("alice", ClientMetadata=said, **more)
        _, answer = self.asker.ask_all(operation, examples, unsigned=not operation.startswith("Admin"))
        told = [(event["triggerSource"], _words(event)) for event in self.heard.events]
        assert told == [(source, said) for source in sources], (operation, told)
        return answer


def _words(event: dict[str, Any]) -> dict[str, str] | None:
    """Before anything is proven they have another name."""
    is_before = event["triggerSource"].startswith("PreAuthentication")
    words: dict[str, str] | None = event["request"].get("validationData" if is_before else "clientMetadata")
    return words


@contextmanager
def hearing(asker: Asker) -> Iterator[Functions]:
    """The same house, whose functions note what they are told and change nothing."""
    functions = Functions()
    for name in TRIGGERS:
        functions[name] = lambda event: event
    world, asker.house = asker.house, World(asker.house.database, carriers=functions)
    sign_by(asker.house.clock)
    try:
        yield functions
    finally:
        asker.house.close()
        asker.house = world
