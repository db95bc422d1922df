"""Tags of user pools."""

from tests.operations.round_trips.asking import Asker, story


@story("TagResource", "UntagResource", "ListTagsForResource")
def tags(asker: Asker) -> None:
    pool_id = asker.house.pool()
    arn = asker.house.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["Arn"]

    def told() -> object:
        listed = asker.ask("ListTagsForResource", ResourceArn=arn)["Tags"]
        assert asker.house.idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]["UserPoolTags"] == listed
        return listed

    assert told() == {}
    asker.ask("TagResource", ResourceArn=arn, Tags={"stage": "test", "team": "a"})
    assert told() == {"stage": "test", "team": "a"}

    asker.ask("TagResource", ResourceArn=arn, Tags={"stage": "live", "cost": ""})
    assert told() == {"stage": "live", "team": "a", "cost": ""}

    asker.ask("UntagResource", ResourceArn=arn, TagKeys=["team", "cost"])
    assert told() == {"stage": "live"}
