"""Which triggers a pool names."""

from lido.flows import triggers
from lido.records import Pool, PoolSettings
from lido.shapes import idp


def pool(**config):
    shape = idp.UserPoolType(lambda_config=idp.LambdaConfigType(**config) if config else None)
    return Pool("us-east-1_a", "us-east-1", "people", PoolSettings(shape=shape), 1, 1, 0, 0)


def test_both_forms_of_pre_token_generation_count():
    version = idp.PreTokenGenerationVersionConfigType(lambda_version="V2_0", lambda_arn="arn")

    assert triggers.is_named(pool(pre_token_generation_config=version), "PreTokenGeneration")
    assert triggers.token_version(pool(pre_token_generation_config=version)) == "V2_0"
    assert triggers.token_version(pool(pre_token_generation="arn")) == "V1_0"


def test_senders_are_named_by_their_functions():
    sender = idp.CustomEmailLambdaVersionConfigType(lambda_version="V1_0", lambda_arn="arn")

    assert triggers.is_named(pool(custom_email_sender=sender), "CustomEmailSender")
    assert not triggers.is_named(pool(custom_email_sender=sender), "CustomSMSSender")
    assert not triggers.is_named(pool(), "PreSignUp")
