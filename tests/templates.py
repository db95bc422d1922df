"""CloudFormation templates for tests: a pool, and what may belong to it."""

POOL = {"Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolName": "people"}}


def ref(name):
    return {"Ref": name}


def client(**properties):
    return {"Type": "AWS::Cognito::UserPoolClient", "Properties": {"UserPoolId": ref("People"), **properties}}


def group(**properties):
    return {"Type": "AWS::Cognito::UserPoolGroup", "Properties": {"UserPoolId": ref("People"), **properties}}


def everything(**pool):
    """One of each kind that a pool may have today."""
    own = {"UserPoolId": ref("People")}
    return {
        "People": {
            "Type": "AWS::Cognito::UserPool",
            "Properties": {
                "UserPoolName": "people",
                "MfaConfiguration": "OPTIONAL",
                "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
                "AutoVerifiedAttributes": ["email"],
                "Policies": {"PasswordPolicy": {"MinimumLength": "12"}},
                "WebAuthnRelyingPartyID": "example.com",
                "Schema": [{"Name": "tier", "AttributeDataType": "String"}, {"Name": "email", "Required": True}],
                **pool,
            },
        },
        "Api": {
            "Type": "AWS::Cognito::UserPoolResourceServer",
            "Properties": {
                **own,
                "Identifier": "https://api.example.com",
                "Name": "api",
                "Scopes": [{"ScopeName": "read", "ScopeDescription": "Read"}],
            },
        },
        "App": client(
            ClientName="app",
            GenerateSecret=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=["openid", {"Fn::Sub": "${Api}/read"}],
            CallbackURLs=["https://app.example.com/back"],
        ),
        "Domain": {"Type": "AWS::Cognito::UserPoolDomain", "Properties": {**own, "Domain": "people"}},
        "Admins": group(GroupName="admins", RoleArn={"Fn::GetAtt": ["Role", "Arn"]}),
        "Role": {"Type": "AWS::IAM::Role"},
        "Ann": {
            "Type": "AWS::Cognito::UserPoolUser",
            "Properties": {
                **own,
                "Username": "ann",
                "MessageAction": "SUPPRESS",
                "UserAttributes": [{"Name": "email", "Value": "ann@example.com"}],
            },
        },
        "AnnIsAdmin": {
            "Type": "AWS::Cognito::UserPoolUserToGroupAttachment",
            "Properties": {**own, "GroupName": ref("Admins"), "Username": ref("Ann")},
        },
        "Logs": {
            "Type": "AWS::Cognito::LogDeliveryConfiguration",
            "Properties": {
                **own,
                "LogConfigurations": [
                    {
                        "EventSource": "userNotification",
                        "LogLevel": "ERROR",
                        "CloudWatchLogsConfiguration": {
                            "LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:people"
                        },
                    }
                ],
            },
        },
    }
