"""Unmodified functions for every trigger, in Python and in Node, and the same behind a Lambda-compatible server."""

import importlib.util
import json
import re
import shutil
import types
from pathlib import Path
from urllib.parse import unquote

import pytest
from tests.receivers import receiving, say
from tests.sign_ins import People, claims, refusal
from tests.world import World, sign_by

from lido.flows import trigger_targets
from lido.flows.trigger_targets import Wish
from lido.rules.lambda_config import arn

FUNCTIONS = Path(__file__).parent / "functions"
TRIGGERS = [
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "PreTokenGeneration",
    "UserMigration",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "CustomMessage",
]
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def function_of(trigger):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", trigger).lower()


@pytest.fixture
def world(database):
    """A house with its real carriers; handlers have time enough on a busy machine."""
    world = World(database, handler_processes=1)
    sign_by(world.clock)
    yield world
    world.close()


def with_handlers(world, folder):
    people = People(world, pool={"AutoVerifiedAttributes": ["email"]}, ExplicitAuthFlows=FLOWS)
    for trigger in TRIGGERS:
        wish = Wish(
            name=trigger,
            kind="handler",
            address=f"app.{function_of(trigger)}",
            folder=str(folder),
            timeout_seconds=60.0,
        )
        version = "V2_0" if trigger == "PreTokenGeneration" else None
        trigger_targets.register(world.call(root=True), people.pool_id, trigger, wish, version=version)
    return people


@pytest.mark.parametrize("suffix", [".py", ".mjs"])
def test_functions_of_lambda_run_as_they_are(world, tmp_path, suffix):
    shutil.copy(FUNCTIONS / f"app{suffix}", tmp_path)

    tell_the_whole_story(with_handlers(world, tmp_path))


def test_the_same_functions_answer_behind_a_server_that_speaks_lambdas_api(database, tmp_path):
    with receiving(tmp_path, tls=False) as server:
        server.answer = invoked
        world = World(database, lambda_endpoint=server.url(""))
        sign_by(world.clock)
        config = {trigger: arn("us-east-1", "123456789012", trigger) for trigger in TRIGGERS}
        versioned = {"LambdaArn": config.pop("PreTokenGeneration"), "LambdaVersion": "V2_0"}
        people = People(
            world,
            pool={
                "AutoVerifiedAttributes": ["email"],
                "LambdaConfig": {**config, "PreTokenGenerationConfig": versioned},
            },
            ExplicitAuthFlows=FLOWS,
        )
        tell_the_whole_story(people)
        world.close()


def invoked(handler, posted):
    """What AWS Lambda does with a function of app.py."""
    name = unquote(posted.path.split("/")[3]).rpartition(":")[2]
    spec = importlib.util.spec_from_file_location("app", FUNCTIONS / "app.py")
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    context = types.SimpleNamespace(function_name=name, get_remaining_time_in_millis=lambda: 5_000)
    try:
        answer = getattr(app, function_of(name))(json.loads(posted.body), context)
    except ValueError as error:
        say(
            handler,
            json.dumps({"errorMessage": str(error), "errorType": "ValueError"}).encode(),
            x_amz_function_error="Unhandled",
        )
    else:
        say(handler, json.dumps(answer).encode())


def tell_the_whole_story(people):
    """Every function is asked, and what it says is done."""
    idp, client = people.house.idp_unsigned, {"ClientId": people.client_id}
    email = [{"Name": "email", "Value": "alice@example.com"}]
    person = {"Username": "alice", "Password": "Passw0rd!", "UserAttributes": email}

    refused = refusal(idp.sign_up, **client, Username="mallory", Password="Passw0rd!")
    assert refused == ("UserLambdaValidation", "PreSignUp failed with error Not you.")
    assert idp.sign_up(**client, Username="bob", Password="Passw0rd!")["UserConfirmed"] is True
    assert idp.sign_up(**client, **person)["UserConfirmed"] is False
    message = people.house.messages("alice@example.com")[-1]
    assert message["subject"] == "Welcome to the service"
    assert f"Thank you for signing up. {message['code']}" in message["text"]
    idp.confirm_sign_up(**client, Username="alice", ConfirmationCode=message["code"])

    begin = {**client, "AuthFlow": "USER_PASSWORD_AUTH"}
    given = {"USERNAME": "alice", "PASSWORD": "Passw0rd!"}
    refused = refusal(idp.initiate_auth, **begin, AuthParameters=given, ClientMetadata={"kiosk": "closed"})
    assert refused == ("UserLambdaValidation", "PreAuthentication failed with error Closed.")
    tokens = idp.initiate_auth(**begin, AuthParameters=given)["AuthenticationResult"]
    assert claims(tokens["IdToken"])["source"] == "TokenGeneration_Authentication"
    assert claims(tokens["AccessToken"])["scope"].endswith(" orders/read")
    again = people.refresh(tokens["RefreshToken"])
    assert claims(again["IdToken"])["source"] == "TokenGeneration_RefreshTokens"

    assert people.sign_in("carol", "Old-Passw0rd")["AccessToken"]
    assert refusal(people.sign_in, "dave", "Old-Passw0rd").name in {"NotAuthorized", "UserNotFound"}

    begun = people.initiate("CUSTOM_AUTH", USERNAME="alice")
    assert begun["ChallengeParameters"] == {"captchaUrl": "url/123.jpg", "USERNAME": "alice"}
    again = people.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER="4")
    assert people.respond("CUSTOM_CHALLENGE", again["Session"], USERNAME="alice", ANSWER="5")["AuthenticationResult"]
