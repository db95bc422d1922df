import msgspec
import pytest

from lido import errors
from lido.records import Folding, PoolSettings
from lido.rules import pool_settings
from lido.shapes import idp

REGION = "eu-west-1"
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:eu-west-1:123456789012:identity/a@example.com"}


def created(**members):
    request = msgspec.convert({"PoolName": "people", **members}, idp.CreateUserPoolRequest)
    return pool_settings.created(request, REGION)


def updated(seen: PoolSettings, **members):
    request = msgspec.convert({"UserPoolId": "eu-west-1_aB3dE5fG7", **members}, idp.UpdateUserPoolRequest)
    return pool_settings.updated(request, seen, REGION)


def with_mfa(seen: PoolSettings, **members):
    request = msgspec.convert({"UserPoolId": "eu-west-1_aB3dE5fG7", **members}, idp.SetUserPoolMfaConfigRequest)
    return pool_settings.with_mfa(request, seen, REGION)


def shown(settings: PoolSettings):
    return msgspec.to_builtins(settings.shape)


def test_a_pool_with_nothing_but_a_name_has_cognitos_defaults():
    members = shown(created())
    attributes = members.pop("SchemaAttributes")
    assert attributes[0]["Name"] == "sub"
    assert len(attributes) == 21
    assert members == {
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 8,
                "RequireUppercase": True,
                "RequireLowercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            },
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
        },
        "DeletionProtection": "INACTIVE",
        "LambdaConfig": {},
        "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_CODE"},
        "MfaConfiguration": "OFF",
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"},
        "UserPoolTags": {},
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False, "UnusedAccountValidityDays": 7},
        "UserPoolTier": "ESSENTIALS",
    }


def test_a_password_policy_that_is_given_requires_only_what_it_names():
    policy = shown(created(Policies={"PasswordPolicy": {"MinimumLength": 12, "RequireNumbers": True}}))["Policies"]
    assert policy["PasswordPolicy"] == {
        "MinimumLength": 12,
        "RequireUppercase": False,
        "RequireLowercase": False,
        "RequireNumbers": True,
        "RequireSymbols": False,
        "TemporaryPasswordValidityDays": 7,
    }


def test_zero_days_for_temporary_passwords_are_seven():
    policies = {"PasswordPolicy": {"TemporaryPasswordValidityDays": 0}}
    assert created(Policies=policies).shape.policies.password_policy.temporary_password_validity_days == 7


@pytest.mark.parametrize(
    "members",
    [
        {"Policies": {"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}}},
        {"AdminCreateUserConfig": {"UnusedAccountValidityDays": 3}},
    ],
)
def test_both_members_tell_the_days_of_a_temporary_password(members):
    shape = created(**members).shape
    assert shape.policies.password_policy.temporary_password_validity_days == 3
    assert shape.admin_create_user_config.unused_account_validity_days == 3


def test_both_members_for_the_days_are_refused():
    with pytest.raises(errors.InvalidParameter, match="Please use TemporaryPasswordValidityDays in PasswordPolicy"):
        created(
            Policies={"PasswordPolicy": {"TemporaryPasswordValidityDays": 3}},
            AdminCreateUserConfig={"UnusedAccountValidityDays": 3},
        )


def test_old_message_members_and_the_template_mirror_each_other():
    old = created(SmsVerificationMessage="{####} s", EmailVerificationMessage="{####} e", EmailVerificationSubject="s")
    template = {"SmsMessage": "{####} s", "EmailMessage": "{####} e", "EmailSubject": "s"}
    new = created(VerificationMessageTemplate=template)
    assert shown(old) == shown(new)
    assert new.shape.sms_verification_message == "{####} s"
    assert old.shape.verification_message_template.email_message == "{####} e"


@pytest.mark.parametrize(
    "configuration,expected",
    [
        (None, Folding.SENSITIVE),
        ({"CaseSensitive": True}, Folding.SENSITIVE),
        ({"CaseSensitive": False}, Folding.INSENSITIVE),
    ],
)
def test_case_counts_unless_the_pool_says_otherwise(configuration, expected):
    members = {} if configuration is None else {"UsernameConfiguration": configuration}
    assert pool_settings.folding(created(**members)) == expected


def test_an_update_keeps_tags_and_verification_before_an_update_until_it_takes_them_back():
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    tags = {"team": "a"}
    before = created(AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=settings, UserPoolTags=tags)

    kept = shown(updated(before, AutoVerifiedAttributes=["email"]))
    assert (kept["UserAttributeUpdateSettings"], kept["UserPoolTags"]) == (settings, tags)

    nothing = {"AttributesRequireVerificationBeforeUpdate": []}
    taken = shown(updated(before, UserAttributeUpdateSettings=nothing, UserPoolTags={}))
    assert (taken["UserAttributeUpdateSettings"], taken["UserPoolTags"]) == (nothing, {})


def test_an_update_resets_what_it_omits():
    before = created(
        AutoVerifiedAttributes=["email"],
        DeletionProtection="ACTIVE",
        EmailVerificationSubject="Hello",
        LambdaConfig={"PreSignUp": "arn:aws:lambda:eu-west-1:123456789012:function:f"},
    )
    assert shown(updated(before)) == shown(created())


def test_an_update_keeps_policies_mfa_schema_names_and_client_registration_when_omitted():
    before = created(
        Policies={
            "PasswordPolicy": {"MinimumLength": 10, "TemporaryPasswordValidityDays": 2},
            "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]},
        },
        MfaConfiguration="OPTIONAL",
        SmsConfiguration=SMS,
        DcrConfiguration={"EnableStatus": "Enabled"},
        Schema=[{"Name": "tier", "AttributeDataType": "String"}],
        AliasAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
    )
    after = updated(before, SmsConfiguration=SMS)
    assert shown(after) == shown(before)


def test_an_update_of_one_policy_keeps_the_other():
    before = created(Policies={"PasswordPolicy": {"MinimumLength": 10}})
    after = updated(before, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    assert after.shape.policies.password_policy == before.shape.policies.password_policy
    assert after.shape.policies.sign_in_policy.allowed_first_auth_factors == ["PASSWORD", "EMAIL_OTP"]


def test_an_update_never_touches_the_settings_that_were_read():
    before = created()
    copy = shown(before)
    updated(before, UserPoolTags={"team": "a"}, AutoVerifiedAttributes=["email"])
    with_mfa(before, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    assert shown(before) == copy


def test_an_update_keeps_the_options_that_cognito_lacks():
    before = msgspec.structs.replace(created(), options={"profile": "secure"})
    assert updated(before).options == {"profile": "secure"}


def test_mfa_without_sms_is_refused_at_creation():
    with pytest.raises(errors.InvalidParameter) as refusal:
        created(MfaConfiguration="OPTIONAL")
    assert refusal.value.message == (
        "SMS configuration and Auto verification for phone_number are required when MFA is required/optional"
    )


def test_a_pool_created_with_mfa_has_sms_as_its_factor():
    settings = created(MfaConfiguration="ON", SmsConfiguration=SMS, SmsAuthenticationMessage="{####}")
    assert msgspec.to_builtins(settings.sms_mfa) == {
        "SmsAuthenticationMessage": "{####}",
        "SmsConfiguration": SMS,
    }


def test_an_update_cannot_require_mfa_later():
    with pytest.raises(errors.InvalidParameter, match="Cannot turn MFA functionality ON, once the user pool"):
        updated(created(), MfaConfiguration="ON", SmsConfiguration=SMS)


def test_an_update_may_repeat_that_mfa_is_required():
    before = with_mfa(created(), MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    assert updated(before, MfaConfiguration="ON").software_token_mfa


def test_an_update_that_turns_mfa_off_drops_its_factors():
    before = with_mfa(created(), MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    after = updated(before, MfaConfiguration="OFF")
    assert not after.software_token_mfa
    assert after.shape.mfa_configuration == "OFF"


def test_an_update_that_takes_the_only_factor_away_is_refused():
    before = created(MfaConfiguration="OPTIONAL", SmsConfiguration=SMS)
    with pytest.raises(errors.InvalidParameter, match="SMS configuration and Auto verification"):
        updated(before)


def test_setting_mfa_replaces_all_of_it():
    before = with_mfa(
        created(),
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration={"RelyingPartyId": "example.com"},
    )
    assert before.software_token_mfa
    assert before.webauthn is not None
    after = with_mfa(before)
    assert after.shape.mfa_configuration == "OFF"
    assert not after.software_token_mfa
    assert after.webauthn is None


@pytest.mark.parametrize(
    "block",
    [
        {"SoftwareTokenMfaConfiguration": {"Enabled": False}},
        {"SmsMfaConfiguration": {}},
        {"EmailMfaConfiguration": {}},
    ],
)
def test_mfa_cannot_be_off_and_configured_together(block):
    with pytest.raises(errors.InvalidParameter, match="can't turn off MFA and configure an MFA together"):
        with_mfa(created(SmsConfiguration=SMS, EmailConfiguration=SES), **block)


@pytest.mark.parametrize("block", [{}, {"SoftwareTokenMfaConfiguration": {"Enabled": False}}])
def test_mfa_without_a_factor_is_refused(block):
    with pytest.raises(errors.InvalidParameter, match="SMS MFA, Email MFA, or Software Token MFA must be enabled"):
        with_mfa(created(), MfaConfiguration="OPTIONAL", **block)


def test_sms_mfa_cannot_be_taken_from_a_pool_with_sms():
    before = created(MfaConfiguration="OPTIONAL", SmsConfiguration=SMS)
    with pytest.raises(errors.InvalidParameter, match="Can't turn off SMS_MFA when SMS configuration is set"):
        with_mfa(before, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})


def test_the_sms_configuration_of_mfa_is_the_pools():
    after = with_mfa(
        created(),
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration={"SmsAuthenticationMessage": "{####}!", "SmsConfiguration": SMS},
    )
    assert msgspec.to_builtins(after.shape.sms_configuration) == SMS
    assert after.shape.sms_authentication_message == "{####}!"


def test_sms_mfa_without_any_sms_configuration_is_refused():
    with pytest.raises(errors.InvalidParameter, match="SMS configuration and Auto verification"):
        with_mfa(created(), MfaConfiguration="OPTIONAL", SmsMfaConfiguration={})


def test_custom_attributes_are_added_to_the_schema():
    wanted = [idp.SchemaAttributeType(name="tier", attribute_data_type="String")]
    settings = pool_settings.with_custom_attributes(wanted, created())
    assert settings.shape.schema_attributes[-1].name == "custom:tier"
    assert len(settings.shape.schema_attributes) == 22
