"""Settings of user pools beside UpdateUserPool: second factors, sessions, logs."""

from typing import Any

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns, differences

ROLE = "arn:aws:iam::000000000000:role/{}"
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:{}"
BUCKET = "arn:aws:s3:::{}"
STREAM = "arn:aws:firehose:us-east-1:000000000000:deliverystream/{}"
MAIL = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com",
}


@story("SetUserPoolMfaConfig", "GetUserPoolMfaConfig")
def second_factors_of_pools(asker: Asker) -> None:
    idp = asker.house.idp
    own = {"UserPoolId": asker.house.pool(EmailConfiguration=MAIL)}
    examples = {
        **own,
        "MfaConfiguration": Turns(("OPTIONAL", "ON")),
        "SnsCallerArn": Turns((ROLE.format("sns-1"), ROLE.format("sns-2"))),
        "EumsSms.CallerArn": Turns((ROLE.format("eums-1"), ROLE.format("eums-2"))),
        "SnsRegion": "us-east-1",
        "EumsSms.Region": Turns(("us-east-1", "us-west-2")),
        "SmsAuthenticationMessage": Turns(("By SMS: {####}", "SMS {####}")),
        "EmailMfaConfiguration.Message": Turns(("By mail: {####}", "Mail {####}")),
        "EmailMfaConfiguration.Subject": Turns(("Mail", "Your mail")),
        "RelyingPartyId": Turns(("example.com", "example.org")),
    }

    def told() -> dict[str, Any]:
        answer: dict[str, Any] = asker.ask("GetUserPoolMfaConfig", **own)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    for turn in range(2):
        asked, answer = asker.ask_all("SetUserPoolMfaConfig", examples, turn=turn)
        expected = {name: value for name, value in asked.items() if name != "UserPoolId"}
        assert told() == expected
        assert differences(expected, answer) == []
        pool = idp.describe_user_pool(**own)["UserPool"]
        assert differences({"MfaConfiguration": asked["MfaConfiguration"], **asked["SmsMfaConfiguration"]}, pool) == []

    # Nothing is a wish too: it turns all off. What is the pool's own, and not MFA's, stays.
    asker.ask("SetUserPoolMfaConfig", **own)
    assert told() == {"MfaConfiguration": "OFF"}
    assert differences(asked["SmsMfaConfiguration"], idp.describe_user_pool(**own)["UserPool"]) == []


@story("SetUserPoolSessionConfiguration", "GetUserPoolSessionConfiguration")
def sessions_of_pools(asker: Asker) -> None:
    own = {"UserPoolId": asker.house.pool()}
    unsaid = {**own, "UserSessionTracking": "DISABLED", "TokenSession": {"MaxPerUser": 20}}
    assert differences(unsaid, asker.ask("GetUserPoolSessionConfiguration", **own)) == []

    for turn in range(2):
        asked, answer = asker.ask_all("SetUserPoolSessionConfiguration", own, turn=turn)
        assert differences(asked, answer) == []
        assert differences(asked, asker.ask("GetUserPoolSessionConfiguration", **own)) == []


@story("SetUserPoolClientSessionConfiguration", "GetUserPoolClientSessionConfiguration")
def sessions_of_clients(asker: Asker) -> None:
    own = {"UserPoolId": asker.house.pool()}
    tracking = {"UserSessionTracking": "ENABLED", "TokenSession": {"MaxPerUser": 5}}
    asker.house.idp.set_user_pool_session_configuration(**own, **tracking)
    client, other = ({**own, "ClientId": asker.house.app(own["UserPoolId"])["ClientId"]} for _ in range(2))
    unsaid = {"SSOSession": {"MaxValidityMinutes": 60}}
    assert differences({**client, **unsaid}, asker.ask("GetUserPoolClientSessionConfiguration", **client)) == []

    examples = {**client, "MaxValidityMinutes": Turns((90, 0))}
    for turn in range(2):
        asked, answer = asker.ask_all("SetUserPoolClientSessionConfiguration", examples, turn=turn)
        assert differences(asked, answer) == []
        assert differences(asked, asker.ask("GetUserPoolClientSessionConfiguration", **client)) == []
    assert differences({**other, **unsaid}, asker.ask("GetUserPoolClientSessionConfiguration", **other)) == []


@story("SetLogDeliveryConfiguration", "GetLogDeliveryConfiguration")
def log_deliveries(asker: Asker) -> None:
    own = {"UserPoolId": asker.house.pool()}
    group, other = ({"CloudWatchLogsConfiguration": {"LogGroupArn": GROUP.format(name)}} for name in ("one", "two"))
    bucket = {"S3Configuration": {"BucketArn": BUCKET.format("people")}}
    stream = {"FirehoseConfiguration": {"StreamArn": STREAM.format("people")}}
    notes = {"EventSource": "userNotification", "LogLevel": "ERROR"}
    events = {"EventSource": "userAuthEvents", "LogLevel": "INFO"}

    for given in (
        [{**notes, **group}, {**events, **bucket}],
        [{**events, **stream}, {**notes, **other}],
        [{**events, **other}],
        [],
    ):
        expected = {**own, "LogConfigurations": given}
        answer = asker.ask("SetLogDeliveryConfiguration", **expected)
        assert answer["LogDeliveryConfiguration"] == expected
        assert asker.ask("GetLogDeliveryConfiguration", **own)["LogDeliveryConfiguration"] == expected
