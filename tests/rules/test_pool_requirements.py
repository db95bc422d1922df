import msgspec
import pytest

from lido import errors
from lido.rules import pool_settings
from lido.shapes import idp

REGION = "eu-west-1"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
OTHER_FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:g"


def created(**members):
    request = msgspec.convert({"PoolName": "people", **members}, idp.CreateUserPoolRequest)
    return pool_settings.created(request, REGION)


def factors(*names):
    return {"SignInPolicy": {"AllowedFirstAuthFactors": list(names)}}


def recovery(*mechanisms):
    return {"RecoveryMechanisms": [{"Priority": priority, "Name": name} for priority, name in mechanisms]}


@pytest.mark.parametrize(
    "members,sentence",
    [
        (
            {"AliasAttributes": ["email"], "UsernameAttributes": ["email"]},
            "Only one of the aliasAttributes or usernameAttributes can be set in a User pool.",
        ),
        (
            {"AliasAttributes": ["preferred_username"], "Schema": [{"Name": "preferred_username", "Required": True}]},
            "The attribute preferred_username cannot be both an alias and required.",
        ),
        (
            {"AutoVerifiedAttributes": ["phone_number"]},
            "SMS configuration is required when phone_number is selected for auto verification",
        ),
        (
            {"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}},
            "All attributes in AttributesRequireVerificationBeforeUpdate must exist in AutoVerifiedAttributes",
        ),
        (
            {"LambdaConfig": {"PreSignUp": FUNCTION.replace("eu-west-1", "us-east-1")}},
            "Cross-region lambda functions are not supported",
        ),
        (
            {"LambdaConfig": {"CustomSMSSender": {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION}}},
            "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used.",
        ),
        (
            {
                "LambdaConfig": {
                    "PreTokenGeneration": FUNCTION,
                    "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": OTHER_FUNCTION},
                }
            },
            "Cannot use PreTokenGenerationLambda and PreTokenGeneration with different Lambda function ARN's",
        ),
        (
            {"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}},
            "Source ARN is required to use DEVELOPER email sending owner",
        ),
        ({"EmailConfiguration": {"From": "nobody"}}, "Provided From email address is invalid"),
        (
            {"EmailConfiguration": {"SourceArn": "arn:aws:ses:ap-south-1:123456789012:identity/a@example.com"}},
            "Provided SourceArn must be in one of the following SES regions: eu-west-1, us-east-1, us-west-2.",
        ),
        (
            {"SmsConfiguration": {**SMS, "SnsRegion": "us-east-1"}},
            "Invalid snsRegion. Allowed SNS region for eu-west-1 is eu-west-1",
        ),
        (
            {"Policies": factors("EMAIL_OTP")},
            "Password should be configured as one of the allowed first auth factors.",
        ),
        (
            {"Policies": factors("PASSWORD", "SMS_OTP")},
            "SMS_OTP can not be configured as AuthFactor as user pool is missing valid SMS configuration",
        ),
        (
            {"Policies": factors("PASSWORD", "EMAIL_OTP"), "MfaConfiguration": "ON", "SmsConfiguration": SMS},
            "Only PASSWORD and WEB_AUTHN (if configured) can be enabled as an auth factor if MFA is enabled",
        ),
        (
            {"Policies": factors("PASSWORD", "WEB_AUTHN"), "MfaConfiguration": "ON", "SmsConfiguration": SMS},
            (
                "Cannot set WebAuthn factor configuration to SINGLE_FACTOR if MFA is required and WebAuthn is an "
                "allowed first auth factor"
            ),
        ),
        (
            {"AccountRecoverySetting": recovery((1, "verified_email"), (1, "verified_phone_number"))},
            "Account Recovery Setting cannot have duplicate priorities or recovery mechanisms.",
        ),
        (
            {"AccountRecoverySetting": recovery((1, "admin_only"), (2, "verified_email"))},
            "Account Recovery Setting cannot use admin_only setting with any other recovery mechanisms.",
        ),
        (
            {
                "AccountRecoverySetting": recovery((1, "verified_phone_number")),
                "MfaConfiguration": "OPTIONAL",
                "SmsConfiguration": SMS,
            },
            (
                "Invalid account recovery setting parameter. Account Recovery Setting cannot use "
                "verified_phone_number as a recovery mechanism when SMS MFA is configured."
            ),
        ),
    ],
)
def test_contradictions_are_refused_in_cognitos_words(members, sentence):
    with pytest.raises(errors.InvalidParameter) as refusal:
        created(**members)
    assert refusal.value.message == sentence


@pytest.mark.parametrize(
    "members",
    [
        {"AutoVerifiedAttributes": ["phone_number"], "SmsConfiguration": {**SMS, "SnsRegion": REGION}},
        {
            "AutoVerifiedAttributes": ["email"],
            "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
        },
        {
            "LambdaConfig": {
                "PreTokenGeneration": FUNCTION,
                "PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": FUNCTION},
                "CustomSMSSender": {"LambdaVersion": "V1_0", "LambdaArn": FUNCTION},
                "KMSKeyID": "arn:aws:kms:us-east-1:123456789012:key/k",
            }
        },
        {"EmailConfiguration": {"From": "Support <help@example.com>"}},
        {"Policies": factors("PASSWORD", "EMAIL_OTP"), "MfaConfiguration": "OPTIONAL", "SmsConfiguration": SMS},
        {"AccountRecoverySetting": recovery((1, "verified_phone_number"), (2, "verified_email"))},
    ],
)
def test_what_fits_together_is_accepted(members):
    assert created(**members)


def email_mfa(pool):
    request = idp.SetUserPoolMfaConfigRequest(
        user_pool_id="eu-west-1_aB3dE5fG7",
        mfa_configuration="OPTIONAL",
        email_mfa_configuration=idp.EmailMfaConfigType(),
    )
    return pool_settings.with_mfa(request, pool, REGION)


def test_email_mfa_needs_a_sender_of_ones_own():
    with pytest.raises(errors.InvalidParameter, match="Cannot set EmailMfaConfiguration when user pool"):
        email_mfa(created())
    own = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/a@example.com"}
    assert email_mfa(created(EmailConfiguration=own)).email_mfa is not None


def test_required_mfa_and_passkeys_go_together_when_the_passkey_verifies_the_person():
    pool = created(Policies=factors("PASSWORD", "WEB_AUTHN"))
    request = idp.SetUserPoolMfaConfigRequest(
        user_pool_id="eu-west-1_aB3dE5fG7",
        mfa_configuration="ON",
        software_token_mfa_configuration=idp.SoftwareTokenMfaConfigType(enabled=True),
        web_authn_configuration=idp.WebAuthnConfigurationType(
            factor_configuration="MULTI_FACTOR_WITH_USER_VERIFICATION"
        ),
    )
    assert pool_settings.with_mfa(request, pool, REGION).webauthn is not None


def test_more_than_fifty_tags_are_refused():
    with pytest.raises(errors.UserPoolTagging):
        created(UserPoolTags={f"k{number}": "" for number in range(51)})
    assert created(UserPoolTags={f"k{number}": "" for number in range(50)})


def test_tags_of_aws_are_refused():
    with pytest.raises(errors.UserPoolTagging, match="aws: prefixed tag key names"):
        created(UserPoolTags={"aws:cloudformation:stack-name": "x"})
