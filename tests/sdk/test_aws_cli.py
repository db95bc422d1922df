"""The AWS CLI: the manual's own lines, run as they stand, and what a person reads when something is refused."""

import json
import subprocess

import pytest
from tests.sdk.manual import blocks

pytestmark = pytest.mark.sdk

ABOUT_ALICE = """
aws cognito-idp admin-get-user --user-pool-id "$pool" --username alice
aws cognito-idp get-user --access-token "$token"
"""


@pytest.fixture
def shell(server):
    def shell(script):
        script = script.replace("http://localhost:9229", server.url).replace("lido-data", str(server.data_dir))
        return subprocess.run(["sh", "-eu", "-c", script], env=server.env, capture_output=True, text=True, timeout=180)

    return shell


def answers(output):
    """The JSON documents that were printed one after the other."""
    decoder, output = json.JSONDecoder(), output.strip()
    while output:
        document, end = decoder.raw_decode(output)
        yield document
        output = output[end:].lstrip()


def test_the_lines_of_the_manual_sign_somebody_up_in_and_out(shell):
    [script] = blocks("sh")
    done = shell(script + ABOUT_ALICE)

    signed_up, user, found, seen = answers(done.stdout)
    assert not signed_up["UserConfirmed"]
    assert (user["Username"], found) == ("alice", ["alice"])
    assert {"Name": "sub", "Value": signed_up["UserSub"]} in user["UserAttributes"]
    assert seen["UserStatus"] == "CONFIRMED"
    assert done.returncode != 0
    assert done.stderr.strip().endswith(
        "An error occurred (NotAuthorizedException) when calling the GetUser operation: Access Token has been revoked"
    )


def test_a_person_reads_why_nothing_was_done(shell):
    done = shell("aws cognito-idp create-user-pool-client --user-pool-id us-east-1_Nowhere00 --client-name app")

    assert done.returncode != 0
    assert done.stderr.strip().endswith(
        "An error occurred (ResourceNotFoundException) when calling the CreateUserPoolClient operation: "
        "User pool us-east-1_Nowhere00 does not exist."
    )
