"""What Terraform's provider asks for, resource by resource: create, read, update, read, delete, read.

Whatever a resource sends comes back equal, or its next plan would show drift; what is deleted is told as gone in the
way in which the provider looks for it.
"""

import json

import pytest
from botocore.exceptions import ClientError
from tests.pictures import picture

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


def within(sent, told):
    """What of the things sent is not told equal: paths."""
    if isinstance(sent, dict) and isinstance(told, dict):
        return [f"{name}.{path}" for name, value in sent.items() for path in within(value, told.get(name))]
    if isinstance(sent, list) and isinstance(told, list):
        return [] if in_order(sent) == in_order(told) else [f"{sent} is told as {told}"]
    return [] if sent == told else [f"{sent!r} is told as {told!r}"]


def in_order(things):
    """The provider keeps sets: the order of a list is no drift."""
    return sorted(json.dumps(each, sort_keys=True) for each in things)


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def own(pool_id):
    return {"UserPoolId": pool_id}


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
    assert within({**POOL, **ONLY_AT_CREATION, "Name": "people"}, told) == []
    assert within(mfa, idp.get_user_pool_mfa_config(**own)) == []
    schema = {each["Name"]: each for each in told["SchemaAttributes"]}
    assert (
        within({f"custom:{each['Name']}": {**each, "Name": f"custom:{each['Name']}"} for each in SCHEMA}, schema) == []
    )

    # Tags go their own way, before everything else; the rest is sent without them.
    idp.tag_resource(ResourceArn=told["Arn"], Tags={"stage": "test", "owner": "us"})
    idp.untag_resource(ResourceArn=told["Arn"], TagKeys=["owner"])
    mfa |= {"MfaConfiguration": "OPTIONAL", "WebAuthnConfiguration": {"UserVerification": "preferred"}}
    idp.set_user_pool_mfa_config(**own, **mfa)
    idp.update_user_pool(**own, MfaConfiguration="OPTIONAL", **POOL_LATER)
    idp.add_custom_attributes(**own, CustomAttributes=[{**SCHEMA[0], "Name": "later"}])

    told = idp.describe_user_pool(**own)["UserPool"]
    assert within({**POOL_LATER, **ONLY_AT_CREATION, "UserPoolTags": {"stage": "test"}, "Name": "people"}, told) == []
    assert within(mfa, idp.get_user_pool_mfa_config(**own)) == []
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


CLIENT = {
    "ClientName": "web",
    "AccessTokenValidity": 30,
    "AllowedOAuthFlows": ["code", "implicit"],
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthScopes": ["email", "openid", "api/read"],
    "AuthSessionValidity": 5,
    "CallbackURLs": ["https://app.example.com/a", "https://app.example.com/b"],
    "DefaultRedirectURI": "https://app.example.com/a",
    "EnablePropagateAdditionalUserContextData": True,
    "EnableTokenRevocation": False,
    "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"],
    "IdTokenValidity": 20,
    "LogoutURLs": ["https://app.example.com/bye"],
    "PreventUserExistenceErrors": "ENABLED",
    "ReadAttributes": ["email", "name"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    "RefreshTokenValidity": 12,
    "SupportedIdentityProviders": ["COGNITO"],
    "TokenValidityUnits": {"AccessToken": "minutes", "IdToken": "minutes", "RefreshToken": "hours"},
    "WriteAttributes": ["name"],
    "AnalyticsConfiguration": {
        "ApplicationArn": "arn:aws:mobiletargeting:us-east-1:000000000000:apps/one",
        "UserDataShared": True,
    },
}
CLIENT_LATER = {
    "ClientName": "web",
    "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_AUTH"],
    "PreventUserExistenceErrors": "LEGACY",
    "EnableTokenRevocation": True,
    "RefreshTokenRotation": {"Feature": "DISABLED"},
    "AuthSessionValidity": 3,
    "SupportedIdentityProviders": ["COGNITO"],
    "CallbackURLs": ["https://app.example.com/c"],
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["phone"],
    "AllowedOAuthFlowsUserPoolClient": True,
}


def test_aws_cognito_user_pool_client(idp, own):
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    idp.create_resource_server(**own, Identifier="api", Name="api", Scopes=scopes)
    made = idp.create_user_pool_client(**own, GenerateSecret=True, **CLIENT)["UserPoolClient"]
    client = {**own, "ClientId": made["ClientId"]}

    assert within(CLIENT, idp.describe_user_pool_client(**client)["UserPoolClient"]) == []
    idp.update_user_pool_client(**client, **CLIENT_LATER)

    told = idp.describe_user_pool_client(**client)["UserPoolClient"]
    assert within(CLIENT_LATER, told) == []
    assert told["ClientSecret"] == made["ClientSecret"]
    assert set(told).isdisjoint({"DefaultRedirectURI", "ReadAttributes", "LogoutURLs", "AnalyticsConfiguration"})

    idp.delete_user_pool_client(**client)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.describe_user_pool_client(**client)


def test_a_client_that_says_nothing_stays_as_it_was_made(idp, own):
    """What the provider computes from the answer to the creation is what it reads later."""
    made = idp.create_user_pool_client(**own, ClientName="plain")["UserPoolClient"]
    client = {**own, "ClientId": made["ClientId"]}

    assert idp.describe_user_pool_client(**client)["UserPoolClient"] == made
    computed = {name: made[name] for name in CLIENT if name in made}
    told = idp.update_user_pool_client(**client, **computed)["UserPoolClient"]

    assert within({**made, "LastModifiedDate": told["LastModifiedDate"]}, told) == []


def test_aws_cognito_managed_user_pool_client(idp, own):
    """A client that somebody else made is found by its name, changed, and left behind."""
    for name in ("AmazonOpenSearchService-people-1", "other"):
        idp.create_user_pool_client(**own, ClientName=name)

    listed = idp.list_user_pool_clients(**own, MaxResults=60)["UserPoolClients"]
    (found,) = [each for each in listed if each["ClientName"].startswith("AmazonOpenSearchService-people")]
    client = {**own, "ClientId": found["ClientId"]}
    before = idp.describe_user_pool_client(**client)["UserPoolClient"]
    assert within({"ClientName": found["ClientName"], "RefreshTokenValidity": 30}, before) == []
    idp.update_user_pool_client(**client, **{**CLIENT_LATER, "ClientName": found["ClientName"]})

    told = idp.describe_user_pool_client(**client)["UserPoolClient"]
    assert within({**CLIENT_LATER, "ClientName": found["ClientName"]}, told) == []


@pytest.mark.parametrize("custom", [False, True])
def test_aws_cognito_user_pool_domain(idp, own, custom):
    name = "login.example.com" if custom else "people"
    certificate = "arn:aws:acm:us-east-1:000000000000:certificate/{}"
    given = {"CustomDomainConfig": {"CertificateArn": certificate.format("one")}} if custom else {}
    idp.create_user_pool_domain(**own, Domain=name, ManagedLoginVersion=1, **given)

    told = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert within({**own, "Domain": name, "Status": "ACTIVE", "ManagedLoginVersion": 1, **given}, told) == []
    assert {"AWSAccountId", "Version"} <= set(told)
    assert ("CloudFrontDistribution" in told) is custom
    later = {"CustomDomainConfig": {"CertificateArn": certificate.format("two")}} if custom else {}
    idp.update_user_pool_domain(**own, Domain=name, ManagedLoginVersion=2, **later)

    told = idp.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert within({"ManagedLoginVersion": 2, **later}, told) == []

    idp.delete_user_pool_domain(**own, Domain=name)
    assert "Status" not in idp.describe_user_pool_domain(Domain=name)["DomainDescription"]


def test_aws_cognito_user_group(idp, own):
    named = {**own, "GroupName": "admins"}
    given = {"Description": "All", "Precedence": 0, "RoleArn": ROLE.format("admins")}
    idp.create_group(**named, **given)

    assert within(given, idp.get_group(**named)["Group"]) == []
    later = {"Description": "Some", "Precedence": 7, "RoleArn": ROLE.format("others")}
    idp.update_group(**named, **later)
    assert within(later, idp.get_group(**named)["Group"]) == []

    idp.delete_group(**named)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.get_group(**named)


def test_aws_cognito_resource_server(idp, own):
    named = {**own, "Identifier": "https://api.example.com"}
    given = {"Name": "api", "Scopes": [{"ScopeName": each, "ScopeDescription": each} for each in ("read", "write")]}
    idp.create_resource_server(**named, **given)

    assert within(given, idp.describe_resource_server(**named)["ResourceServer"]) == []
    later = {"Name": "API", "Scopes": [{"ScopeName": "all", "ScopeDescription": "All"}]}
    idp.update_resource_server(**named, **later)
    assert within(later, idp.describe_resource_server(**named)["ResourceServer"]) == []
    idp.update_resource_server(**named, Name="API")
    assert not idp.describe_resource_server(**named)["ResourceServer"].get("Scopes")

    idp.delete_resource_server(**named)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.describe_resource_server(**named)


def test_aws_cognito_identity_provider(idp, own):
    named = {**own, "ProviderName": "Google"}
    details = {"client_id": "1", "client_secret": "hush", "authorize_scopes": "email"}
    mapping = {"email": "email", "username": "sub"}
    given = {"ProviderDetails": details, "AttributeMapping": mapping, "IdpIdentifiers": ["example.com"]}
    idp.create_identity_provider(**named, ProviderType="Google", **given)

    told = idp.describe_identity_provider(**named)["IdentityProvider"]
    assert within({**given, "ProviderType": "Google"}, told) == []
    # The provider sends back what it was told, with its own words in place of the old ones.
    later = {
        "ProviderDetails": {**told["ProviderDetails"], "client_id": "2", "authorize_scopes": "openid email"},
        "AttributeMapping": {"email": "email", "username": "sub", "name": "name"},
        "IdpIdentifiers": [],
    }
    idp.update_identity_provider(**named, **later)
    told = idp.describe_identity_provider(**named)["IdentityProvider"]
    assert not told.pop("IdpIdentifiers", None)
    assert within({name: later[name] for name in ("ProviderDetails", "AttributeMapping")}, told) == []

    idp.delete_identity_provider(**named)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.describe_identity_provider(**named)


def test_aws_cognito_user(idp):
    pool = idp.create_user_pool(PoolName="people", Schema=[{"Name": "tier", "AttributeDataType": "String"}])
    named = {"UserPoolId": pool["UserPool"]["Id"], "Username": "ann"}
    given = {"email": "ann@example.com", "email_verified": "true", "custom:tier": "gold"}
    idp.create_user_pool_client(UserPoolId=named["UserPoolId"], ClientName="app")
    idp.admin_create_user(
        **named,
        UserAttributes=listed(given),
        ValidationData=listed({"a": "b"}),
        ClientMetadata={"from": "terraform"},
        MessageAction="SUPPRESS",
        DesiredDeliveryMediums=["EMAIL"],
        ForceAliasCreation=False,
        TemporaryPassword="Temporary1!",
    )
    idp.admin_disable_user(**named)

    told = idp.admin_get_user(**named)
    assert within({"Enabled": False, "UserStatus": "FORCE_CHANGE_PASSWORD"}, told) == []
    assert within(given, attributes(told)) == []
    idp.admin_enable_user(**named)
    idp.admin_set_user_password(**named, Password="Permanent1!", Permanent=True)
    idp.admin_update_user_attributes(**named, UserAttributes=listed({"name": "Ann"}), ClientMetadata={"a": "b"})
    idp.admin_delete_user_attributes(**named, UserAttributeNames=["custom:tier"])

    told = idp.admin_get_user(**named)
    assert within({"Enabled": True, "UserStatus": "CONFIRMED"}, told) == []
    now = attributes(told)
    del now["sub"]
    assert now == {"email": "ann@example.com", "email_verified": "true", "name": "Ann"}

    idp.admin_delete_user(**named)
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(**named)


def test_aws_cognito_user_in_group(idp, house, own):
    house.user(own["UserPoolId"], "ann")
    idp.create_group(**own, GroupName="admins")
    member = {**own, "Username": "ann"}
    idp.admin_add_user_to_group(**member, GroupName="admins")

    assert [each["GroupName"] for each in idp.admin_list_groups_for_user(**member)["Groups"]] == ["admins"]

    idp.admin_remove_user_from_group(**member, GroupName="admins")
    assert idp.admin_list_groups_for_user(**member)["Groups"] == []


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
        assert within({**named, **given}, idp.describe_risk_configuration(**named)["RiskConfiguration"]) == []
        later = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.1/32"]}}
        idp.set_risk_configuration(**named, **later)
        told = idp.describe_risk_configuration(**named)["RiskConfiguration"]
        assert within(later, told) == []
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
        assert within({**own, "LogConfigurations": given}, told) == []

    idp.set_log_delivery_configuration(**own, LogConfigurations=[])
    assert not idp.get_log_delivery_configuration(**own)["LogDeliveryConfiguration"].get("LogConfigurations")


@pytest.mark.parametrize("whose", ["ALL", "one"])
def test_aws_cognito_user_pool_ui_customization(idp, own, whose):
    idp.create_user_pool_domain(**own, Domain="people")
    client = idp.create_user_pool_client(**own, ClientName="app")["UserPoolClient"]["ClientId"]
    named = {**own, "ClientId": client if whose == "one" else whose}
    given = {"CSS": ".label-customizable {font-weight: 400;}"}
    idp.set_ui_customization(**named, **given, ImageFile=picture())

    told = idp.get_ui_customization(**named)["UICustomization"]
    assert within({**named, **given}, told) == []
    assert {"CSSVersion", "ImageUrl", "CreationDate", "LastModifiedDate"} <= set(told)
    later = {"CSS": ".label-customizable {font-weight: 700;}"}
    idp.set_ui_customization(**named, **later)
    told = idp.get_ui_customization(**named)["UICustomization"]
    assert within({**named, **later}, told) == []
    assert "ImageUrl" not in told

    idp.set_ui_customization(**named)
    assert idp.get_ui_customization(**named)["UICustomization"] == {}


def test_aws_cognito_managed_login_branding(idp, own):
    client = idp.create_user_pool_client(**own, ClientName="app")["UserPoolClient"]["ClientId"]
    settings = {"categories": {"global": {"colorSchemeMode": "LIGHT"}}}
    image = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": picture()}
    made = idp.create_managed_login_branding(**own, ClientId=client, Settings=settings, Assets=[image])
    named = {**own, "ManagedLoginBrandingId": made["ManagedLoginBranding"]["ManagedLoginBrandingId"]}

    told = idp.describe_managed_login_branding(**named)["ManagedLoginBranding"]
    assert within({**named, "Settings": settings, "UseCognitoProvidedValues": False}, told) == []
    assert told["Assets"] == [image]
    whole = idp.describe_managed_login_branding(**named, ReturnMergedResources=True)["ManagedLoginBranding"]
    assert within(settings, whole["Settings"]) == []
    later = {"categories": {"global": {"colorSchemeMode": "DARK"}}}
    idp.update_managed_login_branding(**named, Settings=later, Assets=[image])
    told = idp.describe_managed_login_branding(**named)["ManagedLoginBranding"]
    assert within(later, told["Settings"]) == []
    idp.update_managed_login_branding(**named, UseCognitoProvidedValues=True)
    told = idp.describe_managed_login_branding(**named)["ManagedLoginBranding"]
    assert told["UseCognitoProvidedValues"] is True
    assert not told.get("Settings")

    idp.delete_managed_login_branding(**named)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.describe_managed_login_branding(**named)


def test_what_was_deleted_elsewhere_is_told_as_gone(idp, own):
    """The provider then takes it out of its state; anything else ends its run."""
    reads = {
        "describe_user_pool_client": {"ClientId": "1" * 26},
        "get_group": {"GroupName": "none"},
        "describe_resource_server": {"Identifier": "none"},
        "describe_identity_provider": {"ProviderName": "None"},
    }
    for name, members in reads.items():
        with pytest.raises(ClientError) as refused:
            getattr(idp, name)(**own, **members)
        assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"


def listed(attributes_):
    return [{"Name": name, "Value": value} for name, value in attributes_.items()]


def attributes(user):
    return {each["Name"]: each["Value"] for each in user["UserAttributes"]}
