import pytest

from lido import errors
from lido.rules import log_delivery
from lido.rules.log_delivery import Destination
from lido.shapes import idp

GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/vendedlogs/people"


def configuration(source="userAuthEvents", level="INFO", *, group=None, bucket=None, stream=None):
    return idp.LogConfigurationType(
        log_level=level,
        event_source=source,
        cloud_watch_logs_configuration=group and idp.CloudWatchLogsConfigurationType(log_group_arn=group),
        s3_configuration=bucket and idp.S3ConfigurationType(bucket_arn=bucket),
        firehose_configuration=stream and idp.FirehoseConfigurationType(stream_arn=stream),
    )


@pytest.mark.parametrize(
    "given, found",
    [
        ({"group": GROUP}, Destination("logs", "/aws/vendedlogs/people", "eu-west-1")),
        ({"group": f"{GROUP}:*"}, Destination("logs", "/aws/vendedlogs/people", "eu-west-1")),
        ({"bucket": "arn:aws:s3:::people-logs"}, Destination("s3", "people-logs", "")),
        (
            {"stream": "arn:aws:firehose:us-east-1:123456789012:deliverystream/people"},
            Destination("firehose", "people", "us-east-1"),
        ),
    ],
)
def test_a_destination_is_read_from_its_arn(given, found):
    assert log_delivery.destination(configuration(**given)) == found


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"group": GROUP, "bucket": "arn:aws:s3:::people-logs"},
        {"group": "arn:aws:s3:::people-logs"},
        {"bucket": GROUP},
        {"bucket": "arn:aws:s3:::../../etc"},
        {"bucket": "arn:aws:s3:::people/logs"},
        {"stream": "arn:aws:firehose:us-east-1:123456789012:deliverystream/a/b"},
        {"group": "arn:aws:logs:evil.example.com:123456789012:log-group:x"},
        {"group": "arn:aws:logs:e--:123456789012:log-group:x"},
    ],
)
def test_everything_else_is_refused(given):
    with pytest.raises(errors.InvalidParameter):
        log_delivery.destination(configuration(**given))


@pytest.mark.parametrize(
    "given, sentence",
    [
        ([configuration(level="ERROR", group=GROUP)], "Log level ERROR is not supported for userAuthEvents."),
        ([configuration("userNotification", "INFO", group=GROUP)], "Log level INFO is not supported"),
        (
            [configuration("userNotification", "ERROR", bucket="arn:aws:s3:::people-logs")],
            "userNotification supports CloudWatchLogsConfiguration only.",
        ),
        ([configuration(group=GROUP)] * 2, "Following event sources appear more then once in a request"),
    ],
)
def test_what_cognito_does_not_deliver_is_refused(given, sentence):
    with pytest.raises(errors.InvalidParameter, match=sentence):
        log_delivery.check(given, "eu-west-1")


def test_a_pool_s_logs_go_to_its_own_region_or_to_a_bucket_which_has_none():
    log_delivery.check([configuration(group=GROUP)], "eu-west-1")
    log_delivery.check([configuration(bucket="arn:aws:s3:::people-logs")], "us-east-1")
    with pytest.raises(errors.InvalidParameter, match="ARN does not belong to current region"):
        log_delivery.check([configuration(group=GROUP)], "us-east-1")


@pytest.mark.parametrize(
    "kind, fact, told",
    [
        ("signed_in", {}, ("SignIn", "Pass")),
        ("refused", {"reason": "wrong answer"}, ("SignIn", "Fail")),
        ("refused", {"operation": "ChangePassword"}, ("PasswordChange", "Fail")),
        ("password_changed", {"reason": "ConfirmForgotPassword"}, ("ForgotPassword", "Pass")),
        ("password_changed", {}, ("PasswordChange", "Pass")),
        ("code_sent", {"reason": "ForgotPassword"}, ("ForgotPassword", "InProgress")),
        ("code_sent", {"reason": "ResendCode"}, ("ResendCode", "Pass")),
        ("code_sent", {"reason": "SignUp"}, None),
        ("signed_up", {}, ("SignUp", "InProgress")),
        ("confirmed", {}, ("SignUp", "Pass")),
        ("pool_changed", {}, None),
    ],
)
def test_an_event_has_its_type_and_response(kind, fact, told):
    assert log_delivery.auth_event(kind, fact) == told


def test_a_record_of_what_a_user_did_has_aws_s_form():
    fact = {"client_id": "client", "address": "192.0.2.1", "agent": "Firefox/1 Linux", "names": ["pwd", "otp", "mfa"]}
    record = log_delivery.auth_record(
        "us-west-2_EXAMPLE",
        "an-event",
        1_721_237_155_000,
        kind="signed_in",
        fact=fact,
        sub="a-sub",
        username="alice",
        request_id="a-request",
    )
    assert record == {
        "eventTimestamp": "1721237155000",
        "eventSource": "USER_ACTIVITY",
        "logLevel": "INFO",
        "message": {
            "version": "1",
            "eventId": "an-event",
            "eventType": "SignIn",
            "userSub": "a-sub",
            "userName": "alice",
            "userPoolId": "us-west-2_EXAMPLE",
            "clientId": "client",
            "creationDate": "Wed Jul 17 17:25:55 UTC 2024",
            "eventResponse": "Pass",
            "riskLevel": "",
            "riskDecision": "PASS",
            "challenges": ["Password:Success", "Mfa:Success"],
            "deviceName": "Firefox on Linux",
            "ipAddress": "192.0.2.1",
            "requestId": "a-request",
            "idpName": "",
            "compromisedCredentialDetected": "false",
            "city": "",
            "country": "",
            "eventFeedbackValue": "",
            "eventFeedbackDate": "",
            "eventFeedbackProvider": "",
            "hasContextData": "false",
        },
        "logSourceId": {"userPoolId": "us-west-2_EXAMPLE"},
    }


def test_a_record_of_a_message_that_was_not_sent_has_aws_s_form():
    assert log_delivery.notification_record("us-west-2_EXAMPLE", 1_687_297_330_677, "String") == {
        "eventTimestamp": "1687297330677",
        "eventSource": "USER_NOTIFICATION",
        "logLevel": "ERROR",
        "message": {"details": "String"},
        "logSourceId": {"userPoolId": "us-west-2_EXAMPLE"},
    }
