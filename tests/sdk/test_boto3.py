"""boto3 over a real socket, signed with the key that the first start wrote."""

import boto3
import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.sdk

SIGN_UP = {"Username": "alice", "Password": "Passw0rd!"}
PASSWORD = {"USERNAME": "alice", "PASSWORD": "Passw0rd!"}


@pytest.fixture
def idp(aws):
    endpoint = aws.url
    idp = boto3.Session(profile_name="lido").client("cognito-idp", region_name="us-east-1", endpoint_url=endpoint)
    yield idp
    idp.close()


def sign_in(idp, tenant, **given):
    asked = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": PASSWORD, **given}
    return idp.initiate_auth(ClientId=tenant.client_id, **asked)["AuthenticationResult"]


def test_somebody_signs_up_in_and_out(idp, tenant, server):
    email = [{"Name": "email", "Value": "boto3-user@example.com"}]
    signed_up = idp.sign_up(ClientId=tenant.client_id, UserAttributes=email, **SIGN_UP)
    code = server.code("boto3-user@example.com")
    idp.confirm_sign_up(ClientId=tenant.client_id, Username="alice", ConfirmationCode=code)
    tokens = sign_in(idp, tenant)
    user = idp.get_user(AccessToken=tokens["AccessToken"])
    idp.global_sign_out(AccessToken=tokens["AccessToken"])

    with pytest.raises(idp.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        idp.get_user(AccessToken=tokens["AccessToken"])
    with pytest.raises(idp.exceptions.NotAuthorizedException, match="Refresh Token has been revoked"):
        refresh = {"REFRESH_TOKEN": tokens["RefreshToken"]}
        sign_in(idp, tenant, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=refresh)
    assert not signed_up["UserConfirmed"]
    assert {"Name": "sub", "Value": signed_up["UserSub"]} in user["UserAttributes"]


def test_users_come_page_by_page(idp, tenant):
    for name in ("ada", "bob", "cleo"):
        idp.admin_create_user(UserPoolId=tenant.pool_id, Username=name, MessageAction="SUPPRESS")

    pages = idp.get_paginator("list_users").paginate(UserPoolId=tenant.pool_id, PaginationConfig={"PageSize": 2})

    assert sorted(user["Username"] for page in pages for user in page["Users"]) == ["ada", "bob", "cleo"]


def test_a_key_with_another_secret_opens_nothing(idp, server):
    key_id, _ = server.credentials()
    thief = boto3.Session().client(
        "cognito-idp", endpoint_url=server.url, aws_access_key_id=key_id, aws_secret_access_key="guessed" * 6
    )

    with pytest.raises(ClientError) as refused:
        thief.list_user_pools(MaxResults=1)

    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
    thief.close()
