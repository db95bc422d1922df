"""A pool's `LambdaConfig`: which function each trigger calls, by the triggers' names in the service model."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from lido.shapes import idp

_PLAIN = {
    "PreSignUp": "pre_sign_up",
    "CustomMessage": "custom_message",
    "PostConfirmation": "post_confirmation",
    "PreAuthentication": "pre_authentication",
    "PostAuthentication": "post_authentication",
    "DefineAuthChallenge": "define_auth_challenge",
    "CreateAuthChallenge": "create_auth_challenge",
    "VerifyAuthChallengeResponse": "verify_auth_challenge_response",
    "UserMigration": "user_migration",
}
_VERSIONED: dict[str, tuple[str, type[msgspec.Struct], tuple[str, ...]]] = {
    "PreTokenGeneration": (
        "pre_token_generation_config",
        idp.PreTokenGenerationVersionConfigType,
        ("V1_0", "V2_0", "V3_0"),
    ),
    "CustomSMSSender": ("custom_sms_sender", idp.CustomSMSLambdaVersionConfigType, ("V1_0",)),
    "CustomEmailSender": ("custom_email_sender", idp.CustomEmailLambdaVersionConfigType, ("V1_0",)),
    "InboundFederation": ("inbound_federation", idp.InboundFederationLambdaType, ("V1_0",)),
}
TRIGGERS = (*_PLAIN, *_VERSIONED)
"""The names of all triggers."""
FIRST_VERSION: Final = "V1_0"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Function(NamedTuple):
    """What a trigger calls: an ARN, and the version of its event."""

    arn: str
    version: str


def function_of(config: idp.LambdaConfigType | None, trigger: str) -> Function | None:
    """The function that the trigger calls; None for none."""
    if config is None:
        return None
    if trigger in _PLAIN:
        arn = getattr(config, _PLAIN[trigger])
        return Function(arn, FIRST_VERSION) if arn else None
    versioned = getattr(config, _VERSIONED[trigger][0])
    if versioned is not None:
        return Function(versioned.lambda_arn, versioned.lambda_version)
    if trigger == "PreTokenGeneration" and config.pre_token_generation:
        return Function(config.pre_token_generation, FIRST_VERSION)
    return None


def functions(config: idp.LambdaConfigType | None) -> Iterator[tuple[str, Function]]:
    """Every trigger that calls a function, with it."""
    for trigger in TRIGGERS:
        function = function_of(config, trigger)
        if function is not None:
            yield trigger, function


def with_function(
    config: idp.LambdaConfigType | None, trigger: str, arn: str, *, version: str | None = None
) -> idp.LambdaConfigType:
    """The configuration in which that trigger calls `arn`.

    Raises ValueError with a sentence for a trigger or a version that there is not.
    """
    if trigger not in TRIGGERS:
        raise ValueError(f"There is no trigger {trigger}; there are {', '.join(TRIGGERS)}.")
    return replace(config or idp.LambdaConfigType(), **_members(trigger, arn, version or FIRST_VERSION))


def without_function(config: idp.LambdaConfigType | None, trigger: str) -> idp.LambdaConfigType:
    """The configuration in which that trigger calls nothing."""
    members = {_PLAIN[trigger]: None} if trigger in _PLAIN else {_VERSIONED[trigger][0]: None}
    if trigger == "PreTokenGeneration":
        members["pre_token_generation"] = None
    return replace(config or idp.LambdaConfigType(), **members)


def with_both_names(config: idp.LambdaConfigType) -> idp.LambdaConfigType:
    """The configuration in which the first version of PreTokenGeneration stands under its old name and its present one.

    What already stands under both is left.
    """
    versioned, arn = config.pre_token_generation_config, config.pre_token_generation
    if versioned is None and arn is not None:
        versioned = idp.PreTokenGenerationVersionConfigType(lambda_arn=arn, lambda_version=FIRST_VERSION)
    elif arn is None and versioned is not None and versioned.lambda_version == FIRST_VERSION:
        arn = versioned.lambda_arn
    return replace(config, pre_token_generation_config=versioned, pre_token_generation=arn)


def arn(region: str, account_id: str, name: str) -> str:
    """The ARN under which a registered function stands in a `LambdaConfig`."""
    return f"arn:aws:lambda:{region}:{account_id}:function:{name}"


def is_name(text: str) -> bool:
    """Whether a function may be called that."""
    return _NAME.fullmatch(text) is not None


def name_in(arn: str) -> str:
    """The function's name in an ARN, without version or alias; '' when it is no function's."""
    parts = arn.split(":")
    return parts[6] if len(parts) in (7, 8) and parts[2] == "lambda" and parts[5] == "function" else ""


def _members(trigger: str, arn: str, version: str) -> dict[str, Any]:
    versions = _VERSIONED[trigger][2] if trigger in _VERSIONED else (FIRST_VERSION,)
    if version not in versions:
        raise ValueError(f"{trigger} has the versions {', '.join(versions)}, not {version}.")
    if trigger in _PLAIN:
        return {_PLAIN[trigger]: arn}
    member, shape, _ = _VERSIONED[trigger]
    members: dict[str, Any] = {member: shape(lambda_arn=arn, lambda_version=version)}
    if trigger == "PreTokenGeneration":  # its first version stands under its old name too
        members["pre_token_generation"] = arn if version == FIRST_VERSION else None
    return members
