"""Replicas, which one installation truly does not have (docs/replicas.md)."""

import pytest
from tests.operations.round_trips.asking import Asker, story


@story(
    "CreateUserPoolReplica",
    "UpdateUserPoolReplica",
    "DeleteUserPoolReplica",
    "ListUserPoolReplicas",
    unsendable={"ListUserPoolReplicas.NextToken": "the primary is all there is, so no page has a token of a next one"},
)
def replicas(asker: Asker) -> None:
    idp = asker.house.idp
    pool_id = asker.house.pool()
    own = {"UserPoolId": pool_id}
    examples = {**own, "RegionName": "eu-west-1", "Status": "INACTIVE"}
    arn = idp.describe_user_pool(**own)["UserPool"]["Arn"]
    primary = {"RegionName": "us-east-1", "Status": "ACTIVE", "Role": "PRIMARY", "UserPoolArn": arn}

    assert asker.refusal_of_all("CreateUserPoolReplica", examples) == "OperationNotEnabledException"
    assert asker.refusal_of_all("UpdateUserPoolReplica", examples) == "ResourceNotFoundException"
    assert asker.refusal_of_all("DeleteUserPoolReplica", examples) == "ResourceNotFoundException"

    assert asker.ask("ListUserPoolReplicas", **own)["UserPoolReplicas"] == [primary]
    with pytest.raises(idp.exceptions.InvalidParameterException):
        asker.ask("ListUserPoolReplicas", **own, NextToken="none")
