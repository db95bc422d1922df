"""Clients of pools whose triggers are functions: Amplify's own sign-in with questions of the pool's."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.server import BIN

pytestmark = pytest.mark.sdk
FUNCTIONS = Path(__file__).parent.parent / "triggers" / "functions" / "app.py"
CUSTOM = {
    "DefineAuthChallenge": "define_auth_challenge",
    "CreateAuthChallenge": "create_auth_challenge",
    "VerifyAuthChallengeResponse": "verify_auth_challenge_response",
}


def test_amplify_answers_the_questions_of_a_pool(aws, idp, node, tmp_path):
    shutil.copy(FUNCTIONS, tmp_path)
    pool_id = idp.create_user_pool(PoolName="people")["UserPool"]["Id"]
    client = idp.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    )["UserPoolClient"]
    idp.admin_create_user(UserPoolId=pool_id, Username="alice", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password="Passw0rd!", Permanent=True)
    for trigger, function in CUSTOM.items():
        _register(aws, tmp_path, pool_id, trigger, function)

    found = node(
        "aws-amplify-custom-auth.mjs",
        aws,
        {
            "endpoint": aws.url,
            "userPoolId": pool_id,
            "clientId": client["ClientId"],
            "username": "alice",
            "password": "Passw0rd!",
        },
    )

    question = "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    assert found == {
        "asked": {"captchaUrl": "url/123.jpg", "USERNAME": "alice"},
        "steps": [question, question, "DONE", question, "DONE"],
        "wrong": ["NotAuthorizedException", "Incorrect username or password."],
        "user": "alice",
        "username": "alice",
    }


def _register(aws, folder, pool_id, trigger, function):
    command = [BIN / "lido", "triggers", "add", "--pool", pool_id, "--trigger", trigger, "--timeout", "30"]
    subprocess.run(
        [*command, "--handler", f"./app.{function}", "--name", f"{pool_id}-{function}"],
        cwd=folder,
        env={**aws.env, "LIDO_DATA_DIR": str(aws.data_dir), "LIDO_DATABASE": aws.database},
        check=True,
        capture_output=True,
    )
