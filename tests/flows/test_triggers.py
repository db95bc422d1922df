"""Triggers that a pool names are never passed over."""

import pytest

from lido import errors
from lido.flows import triggers
from lido.records import Pool, PoolSettings
from lido.shapes import idp


def pool(**config):
    shape = idp.UserPoolType(lambda_config=idp.LambdaConfigType(**config) if config else None)
    return Pool("us-east-1_a", "us-east-1", "people", PoolSettings(shape=shape), 1, 1, 0, 0)


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("pre_sign_up", "PreSignUp"),
        ("pre_authentication", "PreAuthentication"),
        ("pre_token_generation", "PreTokenGeneration"),
        ("user_migration", "UserMigration"),
    ],
)
def test_a_named_trigger_refuses(member, name):
    with pytest.raises(errors.UnexpectedLambda, match=f"^{name} invocation failed due to error"):
        triggers.require_none(pool(**{member: "arn"}), "CustomMessage", name)


def test_both_forms_of_pre_token_generation_count():
    version = idp.PreTokenGenerationVersionConfigType(lambda_version="V2_0", lambda_arn="arn")

    assert triggers.is_named(pool(pre_token_generation_config=version), "PreTokenGeneration")


def test_other_triggers_do_not_disturb():
    triggers.require_none(pool(pre_sign_up="arn"), "PreAuthentication")
    triggers.require_none(pool(), "PreSignUp")
