"""What Terraform's provider asks for a pool and its own settings: create, read, update, read, delete, read.

Whatever a resource sends comes back equal, or its next plan would show drift; what is deleted is told as gone in the
way in which the provider looks for it. What a pool has is in `test_terraform_parts.py`.
"""

import pytest
from tests.operations.round_trips.making import differences

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:{}"
ROLE = "arn:aws:iam::000000000000:role/{}"
SMS = {"SnsCallerArn": ROLE.format("sms"), "ExternalId": "people", "SnsRegion": "us-east-1"}
STANDARD_TEXTS = [
    "address",
    "family_name",
    "gender",
    "given_name",
    "locale",
    "middle_name",
    "name",
    "nickname",
    "phone_number",
    "picture",
    "preferred_username",
    "profile",
    "website",
    "zoneinfo",
    "email",
]
POOL = {
    "AccountRecoverySetting": {
        "RecoveryMechanisms": [
            {"Name": "verified_email", "Priority": 1},
            {"Name": "verified_phone_number", "Priority": 2},
        ]
    },
    "AdminCreateUserConfig": {
        "AllowAdminCreateUserOnly": True,
        "InviteMessageTemplate": {
            "EmailMessage": "{username}: {####}",
            "EmailSubject": "Welcome",
            "SMSMessage": "{username} {####}",
        },
    },
    "AutoVerifiedAttributes": ["email"],
    "DeletionProtection": "ACTIVE",
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False},
    "EmailConfiguration": {
        "EmailSendingAccount": "DEVELOPER",
        "ConfigurationSet": "events",
        "From": "Us <no-reply@example.com>",
        "ReplyToEmailAddress": "help@example.com",
        "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com",
    },
    "EmailVerificationMessage": "Your code is {####}",
    "EmailVerificationSubject": "Code",
    "LambdaConfig": {
        **{
            name: FUNCTION.format(name)
            for name in (
                "CreateAuthChallenge",
                "CustomMessage",
                "DefineAuthChallenge",
                "PostAuthentication",
                "PostConfirmation",
                "PreAuthentication",
                "PreSignUp",
                "PreTokenGeneration",
                "UserMigration",
                "VerifyAuthChallengeResponse",
            )
        },
        "PreTokenGenerationConfig": {"LambdaArn": FUNCTION.format("PreTokenGeneration"), "LambdaVersion": "V2_0"},
        "CustomEmailSender": {"LambdaArn": FUNCTION.format("mail"), "LambdaVersion": "V1_0"},
        "CustomSMSSender": {"LambdaArn": FUNCTION.format("sms"), "LambdaVersion": "V1_0"},
        "KMSKeyID": "arn:aws:kms:us-east-1:000000000000:key/one",
    },
    "Policies": {
        "PasswordPolicy": {
            "MinimumLength": 10,
            "PasswordHistorySize": 3,
            "RequireLowercase": True,
            "RequireNumbers": True,
            "RequireSymbols": False,
            "RequireUppercase": False,
            "TemporaryPasswordValidityDays": 3,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]},
    },
    "SmsAuthenticationMessage": "Code: {####}",
    "SmsConfiguration": SMS,
    "SmsVerificationMessage": "Verify: {####}",
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
    "UserPoolAddOns": {
        "AdvancedSecurityMode": "AUDIT",
        "AdvancedSecurityAdditionalFlows": {"CustomAuthMode": "AUDIT"},
    },
    "UserPoolTier": "PLUS",
    "VerificationMessageTemplate": {
        "DefaultEmailOption": "CONFIRM_WITH_LINK",
        "EmailMessage": "Your code is {####}",
        "EmailMessageByLink": "{##Here##}",
        "EmailSubject": "Code",
        "EmailSubjectByLink": "Link",
        "SmsMessage": "Verify: {####}",
    },
}
POOL_LATER = {
    **POOL,
    "AccountRecoverySetting": {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]},
    "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": False},
    "DeletionProtection": "INACTIVE",
    "DeviceConfiguration": {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": True},
    "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT", "ReplyToEmailAddress": "us@example.com"},
    "LambdaConfig": {"PreSignUp": FUNCTION.format("other")},
    "Policies": {
        "PasswordPolicy": {
            **POOL["Policies"]["PasswordPolicy"],
            "MinimumLength": 14,
            "PasswordHistorySize": 0,
        },
        "SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD"]},
    },
    "UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"},
}
ONLY_AT_CREATION = {
    "AliasAttributes": ["email", "preferred_username"],
    "UsernameConfiguration": {"CaseSensitive": False},
    "UserPoolTags": {"stage": "live"},
}
SCHEMA = [
    {
        "Name": "tier",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": True,
        "Required": False,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "9"},
    },
    {
        "Name": "score",
        "AttributeDataType": "Number",
        "DeveloperOnlyAttribute": False,
        "Mutable": False,
        "Required": False,
        "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"},
    },
    {"Name": "vip", "AttributeDataType": "Boolean", "DeveloperOnlyAttribute": False, "Mutable": True},
]


def test_aws_cognito_user_pool(idp):
    made = idp.create_user_pool(PoolName="people", Schema=SCHEMA, **POOL, **ONLY_AT_CREATION)["UserPool"]
    own = {"UserPoolId": made["Id"]}
    mfa = {
        "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": {"Enabled": True},
        "SmsMfaConfiguration": {"SmsConfiguration": SMS, "SmsAuthenticationMessage": "Code: {####}"},
        "WebAuthnConfiguration": {"RelyingPartyId": "example.com", "UserVerification": "required"},
    }
    idp.set_user_pool_mfa_config(**own, **mfa)

    told = idp.describe_user_pool(**own)["UserPool"]
    assert differences({**POOL, **ONLY_AT_CREATION, "Name": "people"}, told) == []
    assert differences(mfa, idp.get_user_pool_mfa_config(**own)) == []
    schema = {each["Name"]: each for each in told["SchemaAttributes"]}
    assert (
        differences({f"custom:{each['Name']}": {**each, "Name": f"custom:{each['Name']}"} for each in SCHEMA}, schema)
        == []
    )

    # Tags go their own way, before everything else; the rest is sent without them.
    idp.tag_resource(ResourceArn=told["Arn"], Tags={"stage": "test", "owner": "us"})
    idp.untag_resource(ResourceArn=told["Arn"], TagKeys=["owner"])
    mfa |= {"SoftwareTokenMfaConfiguration": {"Enabled": False}}
    mfa |= {"MfaConfiguration": "OPTIONAL", "WebAuthnConfiguration": {"UserVerification": "preferred"}}
    idp.set_user_pool_mfa_config(**own, **mfa)
    idp.update_user_pool(**own, MfaConfiguration="OPTIONAL", **POOL_LATER)
    idp.add_custom_attributes(**own, CustomAttributes=[{**SCHEMA[0], "Name": "later"}])

    told = idp.describe_user_pool(**own)["UserPool"]
    assert (
        differences({**POOL_LATER, **ONLY_AT_CREATION, "UserPoolTags": {"stage": "test"}, "Name": "people"}, told) == []
    )
    assert differences(mfa, idp.get_user_pool_mfa_config(**own)) == []
    assert "custom:later" in {each["Name"] for each in told["SchemaAttributes"]}

    idp.delete_user_pool(**own)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.describe_user_pool(**own)


def test_a_pool_that_says_nothing_has_the_schema_that_the_provider_leaves_out(idp, own):
    """Standard attributes that are exactly so are not shown as drift."""
    plain = {"AttributeDataType": "String", "DeveloperOnlyAttribute": False, "Mutable": True, "Required": False}
    lengths = {"StringAttributeConstraints": {"MinLength": "0", "MaxLength": "2048"}}
    truth = {**plain, "AttributeDataType": "Boolean"}
    expected = {
        **{name: {**plain, **lengths} for name in STANDARD_TEXTS},
        "birthdate": {**plain, "StringAttributeConstraints": {"MinLength": "10", "MaxLength": "10"}},
        "sub": {
            **plain,
            "Mutable": False,
            "Required": True,
            "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"},
        },
        "updated_at": {**plain, "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "0"}},
        "email_verified": truth,
        "phone_number_verified": truth,
    }

    told = {each.pop("Name"): each for each in idp.describe_user_pool(**own)["UserPool"]["SchemaAttributes"]}

    told.pop("identities", None)
    assert told == expected


def test_settings_that_are_taken_back_are_told_as_nothing(idp, own):
    """The provider sends an empty list for what it must not leave out."""
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    idp.update_user_pool(**own, AutoVerifiedAttributes=["email"], UserAttributeUpdateSettings=settings)
    idp.update_user_pool(**own, UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": []})

    told = idp.describe_user_pool(**own)["UserPool"]

    assert not told.get("UserAttributeUpdateSettings", {}).get("AttributesRequireVerificationBeforeUpdate")
    assert not told.get("AutoVerifiedAttributes")


@pytest.mark.parametrize("custom", [False, True])
def test_aws_cognito_user_pool_domain(idp, own, custom):
    name = "login.example.com" if custom else "people"
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/{}"
    given = {"CustomDomainConfig": {"CertificateArn": certificate.format("one")}} if custom else {}
    idp.create_user_pool_domain(**own, Domain=name, ManagedLoginVersion=1, **given)

    told = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert differences({**own, "Domain": name, "Status": "ACTIVE", "ManagedLoginVersion": 1, **given}, told) == []
    assert {"AWSAccountId", "Version"} <= set(told)
    assert ("CloudFrontDistribution" in told) is custom
    later = {"CustomDomainConfig": {"CertificateArn": certificate.format("two")}} if custom else {}
    idp.update_user_pool_domain(**own, Domain=name, ManagedLoginVersion=2, **later)

    told = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert differences({"ManagedLoginVersion": 2, **later}, told) == []

    idp.delete_user_pool_domain(**own, Domain=name)
    assert "Status" not in idp.describe_user_pool_domain(Domain=name)["DomainDescription"]


def test_aws_cognito_risk_configuration(idp):
    add_ons = {"AdvancedSecurityMode": "ENFORCED"}
    pool = idp.create_user_pool(PoolName="people", UserPoolTier="PLUS", UserPoolAddOns=add_ons)["UserPool"]
    own = {"UserPoolId": pool["Id"]}
    client = idp.create_user_pool_client(**own, ClientName="app")["UserPoolClient"]["ClientId"]
    action = {"EventAction": "MFA_IF_CONFIGURED", "Notify": True}
    words = {"Subject": "Blocked", "HtmlBody": "<p>Blocked</p>", "TextBody": "Blocked"}
    given = {
        "AccountTakeoverRiskConfiguration": {
            "Actions": {"LowAction": action, "MediumAction": action, "HighAction": {**action, "EventAction": "BLOCK"}},
            "NotifyConfiguration": {
                "BlockEmail": words,
                "MfaEmail": words,
                "NoActionEmail": words,
                "From": "no-reply@example.com",
                "ReplyTo": "help@example.com",
                "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com",
            },
        },
        "CompromisedCredentialsRiskConfiguration": {
            "EventFilter": ["SIGN_IN", "SIGN_UP"],
            "Actions": {"EventAction": "BLOCK"},
        },
        "RiskExceptionConfiguration": {
            "BlockedIPRangeList": ["192.0.2.0/24"],
            "SkippedIPRangeList": ["198.51.100.0/24"],
        },
    }
    for named in (own, {**own, "ClientId": client}):
        idp.set_risk_configuration(**named, **given)
        assert differences({**named, **given}, idp.describe_risk_configuration(**named)["RiskConfiguration"]) == []
        later = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.1/32"]}}
        idp.set_risk_configuration(**named, **later)
        told = idp.describe_risk_configuration(**named)["RiskConfiguration"]
        assert differences(later, told) == []
        assert "AccountTakeoverRiskConfiguration" not in told

        idp.set_risk_configuration(**named)
        assert not set(idp.describe_risk_configuration(**named)["RiskConfiguration"]) & set(given)


def test_aws_cognito_log_delivery_configuration(idp, own):
    group = {"CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:people"}}
    bucket = {"S3Configuration": {"BucketArn": "arn:aws:s3:::people"}}
    stream = {"FirehoseConfiguration": {"StreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/people"}}
    notes = {"EventSource": "userNotification", "LogLevel": "ERROR", **group}
    for auth in (bucket, stream):
        given = [notes, {"EventSource": "userAuthEvents", "LogLevel": "INFO", **auth}]
        idp.set_log_delivery_configuration(**own, LogConfigurations=given)
        told = idp.get_log_delivery_configuration(**own)["LogDeliveryConfiguration"]
        assert differences({**own, "LogConfigurations": given}, told) == []

    idp.set_log_delivery_configuration(**own, LogConfigurations=[])
    assert not idp.get_log_delivery_configuration(**own)["LogDeliveryConfiguration"].get("LogConfigurations")
