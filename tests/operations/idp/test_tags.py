import pytest
from botocore.exceptions import ClientError


def refused(code, sentence):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def arn(house):
    return f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{house.pool(UserPoolTags={'team': 'a'})}"


def tags(idp, arn):
    return idp.list_tags_for_resource(ResourceArn=arn)["Tags"]


def test_tags_are_added_overwritten_and_taken_away(idp, arn):
    assert tags(idp, arn) == {"team": "a"}
    idp.tag_resource(ResourceArn=arn, Tags={"team": "b", "cost": ""})
    assert tags(idp, arn) == {"team": "b", "cost": ""}
    idp.untag_resource(ResourceArn=arn, TagKeys=["team", "unknown"])
    assert tags(idp, arn) == {"cost": ""}
    assert idp.describe_user_pool(UserPoolId=arn.partition("/")[2])["UserPool"]["UserPoolTags"] == {"cost": ""}


def test_a_pool_has_fifty_tags_at_most(idp, arn):
    idp.tag_resource(ResourceArn=arn, Tags={f"k{number}": "" for number in range(49)})
    with refused("InvalidParameterException", "A user pool cannot have more than 50 tags."):
        idp.tag_resource(ResourceArn=arn, Tags={"one": "more"})
    idp.tag_resource(ResourceArn=arn, Tags={"team": "overwritten"})


def test_tags_of_aws_are_refused(idp, arn):
    with refused("InvalidParameterException", "aws: prefixed tag key names"):
        idp.tag_resource(ResourceArn=arn, Tags={"aws:x": ""})


@pytest.mark.parametrize(
    "change",
    [("000000000000", "123456789012"), ("us-east-1", "eu-west-1"), ("userpool/us-east-1_", "userpool/us-east-1_zzz")],
)
def test_only_pools_of_this_account_and_region_have_tags(idp, arn, change):
    other = arn.replace(*change) if "zzz" not in change[1] else f"{arn[:-9]}aaaaaaaaa"
    for operation, more in (
        (idp.list_tags_for_resource, {}),
        (idp.tag_resource, {"Tags": {"a": "b"}}),
        (idp.untag_resource, {"TagKeys": ["a"]}),
    ):
        with refused("ResourceNotFoundException", "User pool .* does not exist."):
            operation(ResourceArn=other, **more)


def test_an_arn_of_something_else_is_refused(idp):
    with refused("InvalidParameterException", "Invalid user pool ARN."):
        idp.list_tags_for_resource(ResourceArn="arn:aws:s3:us-east-1:000000000000:bucket")
