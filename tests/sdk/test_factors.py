"""Clients that prove more than a password, or something else: apps, codes by SMS and e-mail, no password at all."""

import time
from base64 import b32decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from pycognito import Cognito
from pycognito.exceptions import SMSMFAChallengeException, SoftwareTokenMFAChallengeException
from tests.conftest import ENGINES
from tests.sdk.people import FLOWS, Tenant

pytestmark = pytest.mark.sdk
NAME, PASSWORD, PHONE = "ada", "Passw0rd!", "+15550109934"
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "x"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/a@example.com"}


def client_of(idp: Any, pool_id: str, *flows: str, secret: bool = False) -> Tenant:
    client = idp.create_user_pool_client(
        UserPoolId=pool_id, ClientName="app", ExplicitAuthFlows=[*FLOWS, *flows], GenerateSecret=secret
    )["UserPoolClient"]
    return Tenant(pool_id, client["ClientId"], client.get("ClientSecret"))


def guarded(idp: Any, mode: str, *, secret: bool = False, addresses: bool = True) -> Tenant:
    """A pool with second factors, and ada; with addresses, codes may go there."""
    pool_id = idp.create_user_pool(PoolName="people", EmailConfiguration=SES)["UserPool"]["Id"]
    codes = {"SmsMfaConfiguration": {"SmsConfiguration": SMS}, "EmailMfaConfiguration": {}} if addresses else {}
    app = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration=mode, **app, **codes)
    tenant = client_of(idp, pool_id, secret=secret)
    proven = {"email": email_of(tenant), "email_verified": "true", "phone_number": PHONE}
    known = {**proven, "phone_number_verified": "true"} if addresses else {}
    attributes = [{"Name": name, "Value": value} for name, value in known.items()]
    idp.admin_create_user(UserPoolId=pool_id, Username=NAME, MessageAction="SUPPRESS", UserAttributes=attributes)
    idp.admin_set_user_password(UserPoolId=pool_id, Username=NAME, Password=PASSWORD, Permanent=True)
    return tenant


def email_of(tenant: Tenant) -> str:
    """An address that is alone in the outbox."""
    return f"{tenant.client_id}@example.com"


def configured(tenant: Tenant) -> dict[str, str]:
    return {"userPoolId": tenant.pool_id, "clientId": tenant.client_id, "email": email_of(tenant)}


@pytest.fixture
def facts(aws: Any, idp: Any) -> dict[str, Any]:
    """A pool where every second factor is on offer, and one that requires an app."""
    person = {"username": NAME, "password": PASSWORD, "phone": PHONE}
    required = guarded(idp, "ON", addresses=False)
    return {"endpoint": aws.url, **configured(guarded(idp, "OPTIONAL")), **person, "required": configured(required)}


# Its arithmetic is written in JavaScript, and slow.
@pytest.mark.parametrize("server", ENGINES[-1:], indirect=True)
def test_amazon_cognito_identity_js_asks_for_second_factors(aws, node, facts):
    found = node("amazon-cognito-identity-js-mfa.mjs", aws, facts)

    assert found == {
        "verified": "SUCCESS",
        "asked": ["SOFTWARE_TOKEN_MFA", "SMS_MFA", "SELECT_MFA_TYPE", "SMS_MFA", "MFA_SETUP"],
        "wrong": ["CodeMismatchException", "Invalid code received for user"],
        "smsWentTo": "+*******9934",
        "choices": ["SMS_MFA", "SOFTWARE_TOKEN_MFA"],
        "setups": ["SOFTWARE_TOKEN_MFA"],
        "signedIn": [NAME] * 4,
    }


def test_amplify_asks_for_second_factors(aws, node, facts):
    found = node("aws-amplify-mfa.mjs", aws, facts)

    assert found == {
        "uri": "otpauth:",
        "preference": {"preferred": "TOTP", "enabled": ["TOTP"]},
        "wrong": ["CodeMismatchException", "Invalid code received for user"],
        "sent": [["SMS", "+*******9934"], ["EMAIL", f"{facts['email'][0]}***@e***"]],
        "choices": ["EMAIL", "SMS", "TOTP"],
        "user": NAME,
        "steps": [
            "DONE",
            *("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "DONE"),
            *("CONFIRM_SIGN_IN_WITH_SMS_CODE", "DONE"),
            *("CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "DONE"),
            *("CONTINUE_SIGN_IN_WITH_MFA_SELECTION", "CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "DONE"),
            *("CONTINUE_SIGN_IN_WITH_TOTP_SETUP", "DONE"),
        ],
    }


def test_amplify_needs_no_password(aws, idp, node):
    pool_id = idp.create_user_pool(
        PoolName="people",
        AutoVerifiedAttributes=["email"],
        EmailConfiguration=SES,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )["UserPool"]["Id"]
    told = {"endpoint": aws.url, **configured(client_of(idp, pool_id, "ALLOW_USER_AUTH"))}

    found = node("aws-amplify-passwordless.mjs", aws, told)

    by_code = ["CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "DONE"]
    assert found == {
        "signUpSteps": ["CONFIRM_SIGN_UP", "COMPLETE_AUTO_SIGN_IN"],
        "signInSteps": ["DONE", *by_code, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION", *by_code],
        "codeWentTo": {"deliveryMedium": "EMAIL", "destination": f"{told['email'][0]}***@e***"},
        "wrong": ["CodeMismatchException", "Invalid code or auth state for the user."],
        "offered": ["EMAIL_OTP"],
        "user": "alice",
    }


class App:
    """An authenticator app. A code is good once: each call gives that of a later step."""

    def __init__(self, secret: str) -> None:
        # SHA-1 is what RFC 6238 and every app speak.
        self._totp = TOTP(b32decode(secret + "=" * (-len(secret) % 8)), 6, SHA1(), 30)
        self._step = 0

    def code(self) -> str:
        self._step = max(self._step + 1, int(time.time()) // 30)
        return self._totp.generate(self._step * 30).decode()


@pytest.fixture(params=[False, True], ids=["public", "secret"])
def ada(request, aws, idp):
    """Signed in with her password alone."""
    tenant = guarded(idp, "OPTIONAL", secret=request.param)
    where = {"endpoint_url": aws.url}
    ada = Cognito(
        tenant.pool_id,
        tenant.client_id,
        client_secret=tenant.secret,
        username=NAME,
        boto3_client_kwargs=where,
    )
    ada.authenticate(password=PASSWORD)
    yield ada
    ada.client.close()


def test_pycognito_asks_for_an_app(ada):
    app = App(ada.associate_software_token())
    assert ada.verify_software_token(app.code(), "phone")
    ada.set_user_mfa_preference(sms_mfa=False, software_token_mfa=True, preferred="SOFTWARE_TOKEN")
    first = ada.access_token

    with pytest.raises(SoftwareTokenMFAChallengeException):
        ada.authenticate(password=PASSWORD)
    with pytest.raises(ada.client.exceptions.CodeMismatchException):
        ada.respond_to_software_token_mfa_challenge("12345")
    ada.respond_to_software_token_mfa_challenge(app.code())

    assert ada.access_token != first
    assert ada.access_claims["username"] == NAME


def test_pycognito_asks_for_a_code_sent_by_sms(aws, ada):
    ada.set_user_mfa_preference(sms_mfa=True, software_token_mfa=False, preferred="SMS")
    first = ada.access_token

    with pytest.raises(SMSMFAChallengeException):
        ada.authenticate(password=PASSWORD)
    ada.respond_to_sms_mfa_challenge(aws.code(PHONE))

    assert ada.access_token != first
    assert ada.access_claims["username"] == NAME
