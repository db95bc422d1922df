"""AWS's own JavaScript clients, each a program of its own against the running server."""

import pytest
from botocore.exceptions import ClientError
from tests.conftest import ENGINES
from tests.sdk.people import invite

pytestmark = pytest.mark.sdk


@pytest.fixture
def facts(aws, tenant):
    """What an application is configured with, and an address that is alone in the outbox."""
    email = f"{tenant.client_id}@example.com"
    return {"endpoint": aws.url, "userPoolId": tenant.pool_id, "clientId": tenant.client_id, "email": email}


def test_the_aws_sdk_signs_up_in_and_out(aws, node, facts):
    found = node("aws-sdk.mjs", aws, facts)

    sub = found["attributes"].pop("sub")
    assert len(sub) == 36
    assert found == {
        "confirmedAtOnce": False,
        "codeWentTo": {
            "AttributeName": "email",
            "DeliveryMedium": "EMAIL",
            "Destination": f"{facts['email'][0]}***@e***",
        },
        "secondSignUp": True,
        "signInBeforeConfirming": True,
        "wrongPassword": "Incorrect username or password.",
        "attributes": {"email": facts["email"], "email_verified": "true"},
        "refreshed": ["Bearer", None, True],
        "revokedRefresh": "Refresh Token has been revoked",
        "revokedAccess": "Access Token has been revoked",
        "status": "CONFIRMED",
        "createdIsADate": True,
        "poolIsListed": True,
        "requestId": "string",
    }


# Its arithmetic is written in JavaScript: each sign-in takes this client a second, whatever the database.
@pytest.mark.parametrize("server", ENGINES[-1:], indirect=True)
def test_amazon_cognito_identity_js_lives_a_whole_account(aws, idp, node, facts, tenant):
    found = node("amazon-cognito-identity-js.mjs", aws, {**facts, "invited": invite(idp, tenant)})

    sub = found["attributes"].pop("sub")
    assert len(sub) == 36
    assert found == {
        "confirmedAtOnce": False,
        "signInBeforeConfirming": "UserNotConfirmedException",
        "confirmed": "SUCCESS",
        "wrongPassword": ["NotAuthorizedException", "Incorrect username or password."],
        "session": True,
        "refreshed": "alice",
        "attributes": {"email": facts["email"], "email_verified": "true", "nickname": "Al"},
        "oldPassword": "Incorrect username or password.",
        "afterGlobalSignOut": ["NotAuthorizedException", "Refresh Token has been revoked"],
        "newPasswordRequired": {},
        "guest": "grace",
    }


def test_amplify_lives_a_whole_account(aws, idp, node, facts, tenant):
    found = node("aws-amplify.mjs", aws, {**facts, "invited": invite(idp, tenant)})

    ended = found.pop("endedAccessTokens")
    assert found.pop("attributes").items() >= {"email": facts["email"], "nickname": "Al"}.items()
    assert found == {
        "signUpStep": "CONFIRM_SIGN_UP",
        "codeWentTo": {
            "attributeName": "email",
            "deliveryMedium": "EMAIL",
            "destination": f"{facts['email'][0]}***@e***",
        },
        "confirmed": True,
        "wrongPassword": ["NotAuthorizedException", "Incorrect username or password."],
        "signedIn": "DONE",
        "user": ["alice", True, "USER_SRP_AUTH"],
        "refreshed": True,
        "sameSignIn": True,
        "updated": True,
        "afterSignOut": "UserUnAuthenticatedException",
        "resetStep": "CONFIRM_RESET_PASSWORD_WITH_CODE",
        "byPassword": True,
        "invitedStep": "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED",
        "guest": "grace",
    }
    for token in ended:
        with pytest.raises(ClientError, match="Access Token has been revoked"):
            idp.get_user(AccessToken=token)
