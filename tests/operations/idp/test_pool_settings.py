import pytest
from botocore.exceptions import ClientError

SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "external"}
TOTP = {"SoftwareTokenMfaConfiguration": {"Enabled": True}}


def body(response):
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def test_a_new_pool_has_no_mfa(house, idp):
    assert body(idp.get_user_pool_mfa_config(UserPoolId=house.pool())) == {"MfaConfiguration": "OFF"}


def test_what_is_set_comes_back(house, idp):
    pool_id = house.pool()
    wanted = {
        "MfaConfiguration": "OPTIONAL",
        "SmsMfaConfiguration": {"SmsAuthenticationMessage": "{####}", "SmsConfiguration": SMS},
        "WebAuthnConfiguration": {"RelyingPartyId": "example.com", "UserVerification": "required"},
        **TOTP,
    }
    assert body(idp.set_user_pool_mfa_config(UserPoolId=pool_id, **wanted)) == wanted
    assert body(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == wanted
    pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["SmsConfiguration"] == SMS
    assert pool["SmsAuthenticationMessage"] == "{####}"


def test_a_call_with_nothing_turns_mfa_off(house, idp):
    pool_id = house.pool()
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="ON", **TOTP)
    idp.set_user_pool_mfa_config(UserPoolId=pool_id)
    assert body(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == {"MfaConfiguration": "OFF"}


def test_a_pool_created_with_mfa_shows_its_sms_factor(house, idp):
    pool_id = house.pool(MfaConfiguration="ON", SmsConfiguration=SMS)
    assert body(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == {
        "MfaConfiguration": "ON",
        "SmsMfaConfiguration": {"SmsConfiguration": SMS},
    }


def test_a_refusal_changes_nothing(house, idp):
    pool_id = house.pool()
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="ON", **TOTP)
    with pytest.raises(ClientError, match=r"\(InvalidParameterException\).*can't turn off MFA and configure an MFA"):
        idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OFF", **TOTP)
    assert body(idp.get_user_pool_mfa_config(UserPoolId=pool_id)) == {"MfaConfiguration": "ON", **TOTP}


def test_an_unknown_pool_does_not_exist(idp):
    for operation in (idp.get_user_pool_mfa_config, idp.set_user_pool_mfa_config):
        with pytest.raises(ClientError, match=r"\(ResourceNotFoundException\).*User pool us-east-1_a does not exist."):
            operation(UserPoolId="us-east-1_a")
