"""Clients that remember devices: AWS's JavaScript libraries, and pycognito's half of device SRP."""

from typing import Any

import jwt
import pytest
from pycognito.aws_srp import AWSSRP, generate_hash_device
from tests.conftest import ENGINES
from tests.sdk.manual import blocks
from tests.sdk.people import FLOWS, Tenant

pytestmark = pytest.mark.sdk
PASSWORD = "Passw0rd!"


def remembering(idp: Any, *, prompt: bool) -> Tenant:
    """A pool that remembers devices, with the user ada."""
    configuration = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": prompt}
    pool = idp.create_user_pool(PoolName="people", DeviceConfiguration=configuration)["UserPool"]
    client = idp.create_user_pool_client(UserPoolId=pool["Id"], ClientName="app", ExplicitAuthFlows=FLOWS)
    idp.admin_create_user(UserPoolId=pool["Id"], Username="ada", MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool["Id"], Username="ada", Password=PASSWORD, Permanent=True)
    return Tenant(pool["Id"], client["UserPoolClient"]["ClientId"], None)


# Its arithmetic is written in JavaScript, and slow.
@pytest.mark.parametrize("server", ENGINES[-1:], indirect=True)
def test_amazon_cognito_identity_js_remembers_a_device(aws, idp, node):
    tenant = remembering(idp, prompt=True)
    facts = {"endpoint": aws.url, "userPoolId": tenant.pool_id, "clientId": tenant.client_id}

    found = node("amazon-cognito-identity-js-devices.mjs", aws, {**facts, "username": "ada", "password": PASSWORD})

    assert found == {
        "mustAsk": True,
        "shown": True,
        "listed": [True],
        "refreshed": True,
        "remembered": True,
        "anotherOnceForgotten": True,
        "sessionsOfTheForgotten": "Access Token has been revoked",
    }


def test_amplify_remembers_a_device(aws, idp, node):
    tenant = remembering(idp, prompt=True)
    facts = {"endpoint": aws.url, "userPoolId": tenant.pool_id, "clientId": tenant.client_id}

    found = node("aws-amplify-devices.mjs", aws, {**facts, "username": "ada", "password": PASSWORD})

    assert found == {
        "listed": [True],
        "refreshed": True,
        "remembered": [True, True],
        "anotherOnceForgotten": True,
    }


def test_pycognito_signs_in_on_a_device(aws, idp):
    tenant = remembering(idp, prompt=False)
    who = {"username": "ada", "password": PASSWORD, "pool_id": tenant.pool_id, "client_id": tenant.client_id}
    (hand_over_the_session,) = blocks("python", "devices.md")
    exec(hand_over_the_session, {"client": idp})
    first = AWSSRP(**who, client=idp).authenticate_user()["AuthenticationResult"]
    new = first["NewDeviceMetadata"]
    password, config = generate_hash_device(new["DeviceGroupKey"], new["DeviceKey"])
    idp.confirm_device(AccessToken=first["AccessToken"], DeviceKey=new["DeviceKey"], DeviceSecretVerifierConfig=config)

    device = {"device_key": new["DeviceKey"], "device_group_key": new["DeviceGroupKey"], "device_password": password}
    again = AWSSRP(**who, **device, client=idp).authenticate_user()["AuthenticationResult"]

    claims = jwt.decode(again["AccessToken"], options={"verify_signature": False})
    assert claims["device_key"] == new["DeviceKey"]
    assert "NewDeviceMetadata" not in again
