"""What Terraform's provider asks for what a pool has: clients, groups, users, providers, looks.

As for pools (`test_terraform_pools.py`), what is sent comes back equal, and what is deleted is told as gone.
"""

import pytest
from botocore.exceptions import ClientError
from tests.operations.round_trips.making import differences
from tests.pictures import picture

ROLE = "arn:aws:iam::000000000000:role/{}"


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

    assert differences(CLIENT, idp.describe_user_pool_client(**client)["UserPoolClient"]) == []
    idp.update_user_pool_client(**client, **CLIENT_LATER)

    told = idp.describe_user_pool_client(**client)["UserPoolClient"]
    assert differences(CLIENT_LATER, told) == []
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

    assert differences({**made, "LastModifiedDate": told["LastModifiedDate"]}, told) == []


def test_aws_cognito_managed_user_pool_client(idp, own):
    """A client that somebody else made is found by its name, changed, and left behind."""
    for name in ("AmazonOpenSearchService-people-1", "other"):
        idp.create_user_pool_client(**own, ClientName=name)

    listed = idp.list_user_pool_clients(**own, MaxResults=60)["UserPoolClients"]
    (found,) = [each for each in listed if each["ClientName"].startswith("AmazonOpenSearchService-people")]
    client = {**own, "ClientId": found["ClientId"]}
    before = idp.describe_user_pool_client(**client)["UserPoolClient"]
    assert differences({"ClientName": found["ClientName"], "RefreshTokenValidity": 30}, before) == []
    idp.update_user_pool_client(**client, **{**CLIENT_LATER, "ClientName": found["ClientName"]})

    told = idp.describe_user_pool_client(**client)["UserPoolClient"]
    assert differences({**CLIENT_LATER, "ClientName": found["ClientName"]}, told) == []


def test_aws_cognito_user_group(idp, own):
    named = {**own, "GroupName": "admins"}
    given = {"Description": "All", "Precedence": 0, "RoleArn": ROLE.format("admins")}
    idp.create_group(**named, **given)

    assert differences(given, idp.get_group(**named)["Group"]) == []
    later = {"Description": "Some", "Precedence": 7, "RoleArn": ROLE.format("others")}
    idp.update_group(**named, **later)
    assert differences(later, idp.get_group(**named)["Group"]) == []

    idp.delete_group(**named)
    with pytest.raises(idp.exceptions.ResourceNotFoundException):
        idp.get_group(**named)


def test_aws_cognito_resource_server(idp, own):
    named = {**own, "Identifier": "https://api.example.com"}
    given = {"Name": "api", "Scopes": [{"ScopeName": each, "ScopeDescription": each} for each in ("read", "write")]}
    idp.create_resource_server(**named, **given)

    assert differences(given, idp.describe_resource_server(**named)["ResourceServer"]) == []
    later = {"Name": "API", "Scopes": [{"ScopeName": "all", "ScopeDescription": "All"}]}
    idp.update_resource_server(**named, **later)
    assert differences(later, idp.describe_resource_server(**named)["ResourceServer"]) == []
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
    assert differences({**given, "ProviderType": "Google"}, told) == []
    # The provider sends back what it was told, with its own words in place of the old ones.
    later = {
        "ProviderDetails": {**told["ProviderDetails"], "client_id": "2", "authorize_scopes": "openid email"},
        "AttributeMapping": {"email": "email", "username": "sub", "name": "name"},
        "IdpIdentifiers": [],
    }
    idp.update_identity_provider(**named, **later)
    told = idp.describe_identity_provider(**named)["IdentityProvider"]
    assert not told.pop("IdpIdentifiers", None)
    assert differences({name: later[name] for name in ("ProviderDetails", "AttributeMapping")}, told) == []

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
    assert differences({"Enabled": False, "UserStatus": "FORCE_CHANGE_PASSWORD"}, told) == []
    assert differences(given, attributes(told)) == []
    idp.admin_enable_user(**named)
    idp.admin_set_user_password(**named, Password="Permanent1!", Permanent=True)
    idp.admin_update_user_attributes(**named, UserAttributes=listed({"name": "Ann"}), ClientMetadata={"a": "b"})
    idp.admin_delete_user_attributes(**named, UserAttributeNames=["custom:tier"])

    told = idp.admin_get_user(**named)
    assert differences({"Enabled": True, "UserStatus": "CONFIRMED"}, told) == []
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


@pytest.mark.parametrize("whose", ["ALL", "one"])
def test_aws_cognito_user_pool_ui_customization(idp, own, whose):
    idp.create_user_pool_domain(**own, Domain="people")
    client = idp.create_user_pool_client(**own, ClientName="app")["UserPoolClient"]["ClientId"]
    named = {**own, "ClientId": client if whose == "one" else whose}
    given = {"CSS": ".label-customizable {font-weight: 400;}"}
    idp.set_ui_customization(**named, **given, ImageFile=picture())

    told = idp.get_ui_customization(**named)["UICustomization"]
    assert differences({**named, **given}, told) == []
    assert {"CSSVersion", "ImageUrl", "CreationDate", "LastModifiedDate"} <= set(told)
    later = {"CSS": ".label-customizable {font-weight: 700;}"}
    idp.set_ui_customization(**named, **later)
    told = idp.get_ui_customization(**named)["UICustomization"]
    assert differences({**named, **later}, told) == []
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
    assert differences({**named, "Settings": settings, "UseCognitoProvidedValues": False}, told) == []
    assert told["Assets"] == [image]
    whole = idp.describe_managed_login_branding(**named, ReturnMergedResources=True)["ManagedLoginBranding"]
    assert differences(settings, whole["Settings"]) == []
    later = {"categories": {"global": {"colorSchemeMode": "DARK"}}}
    idp.update_managed_login_branding(**named, Settings=later, Assets=[image])
    told = idp.describe_managed_login_branding(**named)["ManagedLoginBranding"]
    assert differences(later, told["Settings"]) == []
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
