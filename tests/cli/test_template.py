"""`lido template export`: what it writes makes an equal pool elsewhere, and takes its own pool over here."""

import json

import pytest
import yaml
from tests.cli.conftest import Shell
from tests.databases import fresh_url
from tests.pictures import picture

# What is of one pool alone: its name for ever, its times, its secrets.
OWN = {"Id", "Arn", "CreationDate", "LastModifiedDate", "UserPoolId", "ClientId", "ClientSecret", "TermsId"}
OWN |= {"ManagedLoginBrandingId", "EstimatedNumberOfUsers", "ResponseMetadata"}


def without_own(value):
    if isinstance(value, dict):
        return {name: without_own(each) for name, each in value.items() if name not in OWN}
    return [without_own(each) for each in value] if isinstance(value, list) else value


@pytest.fixture
def other(shell, tmp_path):
    """Another installation, on another database of the same engine."""
    engine = "sqlite" if shell.url.startswith("sqlite") else "postgresql"
    (tmp_path / "other").mkdir()
    with fresh_url(engine, tmp_path / "other") as url:
        other = Shell(url, tmp_path / "other" / "data")
        yield other
        other.close()


def furnished(idp):
    """A pool with something of everything."""
    pool_id = idp.create_user_pool(
        PoolName="people",
        AliasAttributes=["email"],
        AutoVerifiedAttributes=["email"],
        UserPoolTier="PLUS",
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        UserPoolTags={"stage": "live"},
        UsernameConfiguration={"CaseSensitive": False},
        VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"},
        Policies={"PasswordPolicy": {"MinimumLength": 14, "RequireNumbers": True, "PasswordHistorySize": 3}},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True},
        AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]},
        LambdaConfig={"PreSignUp": "arn:aws:lambda:us-east-1:000000000000:function:check"},
        Schema=[
            {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True},
            {"Name": "birthdate", "AttributeDataType": "String", "Required": False, "Mutable": False},
            {"Name": "tier", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9"}},
            {"Name": "crm", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
        ],
    )["UserPool"]["Id"]
    own = {"UserPoolId": pool_id}
    idp.set_user_pool_mfa_config(
        **own,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration={"RelyingPartyId": "example.com", "UserVerification": "required"},
    )
    idp.create_resource_server(
        **own, Identifier="https://api", Name="api", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}]
    )
    idp.create_identity_provider(
        **own,
        ProviderName="Google",
        ProviderType="Google",
        ProviderDetails={"client_id": "1", "client_secret": "hush", "authorize_scopes": "openid email"},
        AttributeMapping={"email": "email"},
        IdpIdentifiers=["example.com"],
    )
    idp.create_user_pool_domain(**own, Domain="people", ManagedLoginVersion=2)
    web = idp.create_user_pool_client(
        **own,
        ClientName="web app",
        GenerateSecret=True,
        SupportedIdentityProviders=["COGNITO", "Google"],
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid", "https://api/read"],
        CallbackURLs=["https://app.example.com"],
        TokenValidityUnits={"AccessToken": "minutes"},
        AccessTokenValidity=10,
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        PreventUserExistenceErrors="ENABLED",
    )["UserPoolClient"]["ClientId"]
    idp.create_user_pool_client(**own, ClientName="web-app", ReadAttributes=["email", "custom:tier"])
    idp.create_group(
        **own, GroupName="admins", Precedence=0, Description="All", RoleArn="arn:aws:iam::000000000000:role/admins"
    )
    logs = {"CloudWatchLogsConfiguration": {"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:people"}}
    idp.set_log_delivery_configuration(
        **own, LogConfigurations=[{"EventSource": "userNotification", "LogLevel": "ERROR", **logs}]
    )
    idp.set_risk_configuration(**own, RiskExceptionConfiguration={"BlockedIPRangeList": ["192.0.2.0/24"]})
    blocks = {"Actions": {"EventAction": "BLOCK"}}
    idp.set_risk_configuration(**own, ClientId=web, CompromisedCredentialsRiskConfiguration=blocks)
    idp.set_ui_customization(**own, ClientId="ALL", CSS=".label-customizable {font-weight: 400;}")
    idp.set_ui_customization(**own, ClientId=web, CSS=".label-customizable {font-weight: 700;}")
    image = {"Category": "FORM_LOGO", "ColorMode": "LIGHT", "Extension": "PNG", "Bytes": picture()}
    settings = {"categories": {"global": {"colorSchemeMode": "LIGHT"}}}
    idp.create_managed_login_branding(**own, ClientId=web, Settings=settings, Assets=[image])
    links = {"cognito:default": "https://example.com/terms"}
    idp.create_terms(**own, ClientId=web, TermsName="terms-of-use", TermsSource="LINK", Enforcement="NONE", Links=links)
    return pool_id


def described(idp, pool_id):
    """Everything that the furniture of a pool says of itself."""
    own = {"UserPoolId": pool_id}
    clients = idp.list_user_pool_clients(**own, MaxResults=60)["UserPoolClients"]
    ids = {each["ClientName"]: each["ClientId"] for each in clients}
    told = {
        "pool": idp.describe_user_pool(**own),
        "mfa": idp.get_user_pool_mfa_config(**own),
        "server": idp.describe_resource_server(**own, Identifier="https://api"),
        "provider": idp.describe_identity_provider(**own, ProviderName="Google"),
        "domain": idp.describe_user_pool_domain(Domain="people")["DomainDescription"]["ManagedLoginVersion"],
        "groups": idp.list_groups(**own),
        "logs": idp.get_log_delivery_configuration(**own),
        "risk": idp.describe_risk_configuration(**own),
        "risk of a client": idp.describe_risk_configuration(**own, ClientId=ids["web app"]),
        "terms": idp.describe_terms_by_client(**own, ClientId=ids["web app"], TermsName="terms-of-use"),
        "css": idp.get_ui_customization(**own, ClientId="ALL")["UICustomization"]["CSS"],
        "css of a client": idp.get_ui_customization(**own, ClientId=ids["web app"])["UICustomization"]["CSS"],
        "css of another": idp.get_ui_customization(**own, ClientId=ids["web-app"])["UICustomization"]["CSS"],
        "branding": idp.describe_managed_login_branding_by_client(**own, ClientId=ids["web app"]),
        **{name: idp.describe_user_pool_client(**own, ClientId=client_id) for name, client_id in ids.items()},
    }
    return without_own(told)


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_an_export_makes_an_equal_pool_elsewhere(shell, other, tmp_path, form):
    pool_id = furnished(shell.house.idp)
    file = tmp_path / f"people.{form}"
    file.write_text(shell.prints("template", "export", pool_id, "--format", form))

    assert "hush" not in file.read_text()
    assert "These parameters have no value: IdentityProviderGoogleClientSecret" in other.refuses("apply", file)
    secret = ("--parameter", "IdentityProviderGoogleClientSecret=hush")
    made = other.prints("apply", file, "--yes", *secret).rpartition(" = ")[2].strip()

    assert described(other.house.idp, made) == described(shell.house.idp, pool_id)
    assert other("apply", file, "--dry-run", *secret).exit_code == 0


def test_an_export_takes_its_own_pool_over_without_a_change(shell, tmp_path):
    pool_id = furnished(shell.house.idp)
    before = described(shell.house.idp, pool_id)
    file = tmp_path / "people.yaml"
    file.write_text(shell.prints("template", "export", pool_id))
    secret = ("--parameter", "IdentityProviderGoogleClientSecret=hush")

    plan = shell.prints("apply", file, "--adopt", "--yes", *secret)

    assert "14 to be taken over." in plan
    assert "→" not in plan
    assert shell("apply", file, "--dry-run", *secret).exit_code == 0
    assert described(shell.house.idp, pool_id) == before


def test_both_forms_say_the_same(shell):
    pool_id = furnished(shell.house.idp)

    as_yaml = yaml.safe_load(shell.prints("template", "export", pool_id))
    as_json = json.loads(shell.prints("template", "export", pool_id, "--format", "json"))

    assert as_yaml == as_json
    assert set(as_json["Resources"]) >= {"Pool", "ClientWebApp", "ClientWebApp2", "GroupAdmins", "Domain"}


def test_a_pool_that_is_not_there_is_refused(shell):
    assert "User pool us-east-1_Nothing0 does not exist." in shell.refuses("template", "export", "us-east-1_Nothing0")
