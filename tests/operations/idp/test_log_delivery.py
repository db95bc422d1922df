import pytest
from botocore.exceptions import ClientError

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/people"
NOTIFICATIONS = {
    "LogLevel": "ERROR",
    "EventSource": "userNotification",
    "CloudWatchLogsConfiguration": {"LogGroupArn": GROUP},
}
AUTH_EVENTS = {
    "LogLevel": "INFO",
    "EventSource": "userAuthEvents",
    "S3Configuration": {"BucketArn": "arn:aws:s3:::people-logs"},
}


@pytest.fixture
def pool_id(house):
    return house.pool()


def configured(idp, pool_id):
    return idp.get_log_delivery_configuration(UserPoolId=pool_id)["LogDeliveryConfiguration"]


def test_a_pool_delivers_nothing_at_first(idp, pool_id):
    assert configured(idp, pool_id) == {"UserPoolId": pool_id, "LogConfigurations": []}


def test_what_is_set_is_answered_and_described(idp, pool_id):
    both = [NOTIFICATIONS, AUTH_EVENTS]
    answer = idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=both)
    assert answer["LogDeliveryConfiguration"] == {"UserPoolId": pool_id, "LogConfigurations": both}
    assert configured(idp, pool_id) == answer["LogDeliveryConfiguration"]


def test_setting_replaces_the_whole_and_nothing_clears_it(idp, pool_id):
    idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=[NOTIFICATIONS])
    idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=[AUTH_EVENTS])
    assert configured(idp, pool_id)["LogConfigurations"] == [AUTH_EVENTS]
    idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=[])
    assert configured(idp, pool_id)["LogConfigurations"] == []


def test_other_settings_of_the_pool_leave_it_alone(idp, pool_id):
    idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=[AUTH_EVENTS])
    idp.update_user_pool(UserPoolId=pool_id, AutoVerifiedAttributes=["email"])
    idp.set_user_pool_mfa_config(UserPoolId=pool_id, MfaConfiguration="OFF")
    assert configured(idp, pool_id)["LogConfigurations"] == [AUTH_EVENTS]


@pytest.mark.parametrize(
    "configurations, sentence",
    [
        ([AUTH_EVENTS] * 3, "Member must have length less than or equal to 2"),
        ([AUTH_EVENTS] * 2, "Following event sources appear more then once in a request$"),
        (
            [
                {
                    **NOTIFICATIONS,
                    "CloudWatchLogsConfiguration": {"LogGroupArn": GROUP.replace("us-east-1", "eu-west-1")},
                }
            ],
            "ARN does not belong to current region$",
        ),
        ([{**AUTH_EVENTS, "LogLevel": "ERROR"}], "not supported"),
        ([{**AUTH_EVENTS, "EventSource": "everything"}], "enum value set"),
        ([{**NOTIFICATIONS, "S3Configuration": AUTH_EVENTS["S3Configuration"]}], "CloudWatchLogsConfiguration only"),
        ([{"LogLevel": "INFO", "EventSource": "userAuthEvents"}], "Exactly one log destination"),
        ([{**AUTH_EVENTS, "S3Configuration": {}}], "not valid"),
        ([{**AUTH_EVENTS, "S3Configuration": {"BucketArn": "arn:aws:s3:::x\x00y-logs"}}], "not allowed"),
    ],
)
def test_what_cannot_be_delivered_is_refused(idp, pool_id, configurations, sentence):
    with pytest.raises(ClientError, match=rf"InvalidParameterException.*({sentence})"):
        idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=configurations)
    assert configured(idp, pool_id)["LogConfigurations"] == []


def test_a_pool_that_is_not_there_is_refused(idp):
    for method in (idp.get_log_delivery_configuration, idp.set_log_delivery_configuration):
        given = {} if "get" in method.__name__ else {"LogConfigurations": []}
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            method(UserPoolId="us-east-1_Nowhere00", **given)
