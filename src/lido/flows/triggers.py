"""Asking a trigger: which function a pool names, what it is told, and what a failure means to the caller.

A trigger decides, enriches or vetoes, so a flow without the answer of one that the pool names does not go on. None is
asked while a transaction is open. Events and answers are rules/trigger_events.py and rules/token_changes.py; the way
there is ports/triggers; what has been decided by then is decided again by the statement that makes it true.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from lido import errors
from lido.call import Call
from lido.flows import trigger_targets
from lido.ports.triggers import carrier
from lido.records import Pool
from lido.rules import token_changes
from lido.rules.trigger_events import UNRECOGNIZABLE, Event, Trigger, Unrecognizable, envelope, response_of
from lido.shapes import idp

NOT_CONFIGURED = "null invocation failed due to configuration."
JUDGED = (errors.UserLambdaValidation, errors.InvalidLambdaResponse)
"""How triggers fail that were reached, and may have judged what they were told."""
AFTERWARDS = (errors.UserLambdaValidation, errors.UnexpectedLambda, errors.InvalidLambdaResponse)
"""How PostConfirmation fails, which is told after the fact and undoes nothing."""

_MEMBERS: Mapping[Trigger, str] = {
    "PreSignUp": "pre_sign_up",
    "CustomMessage": "custom_message",
    "PostConfirmation": "post_confirmation",
    "PreAuthentication": "pre_authentication",
    "PostAuthentication": "post_authentication",
    "PreTokenGeneration": "pre_token_generation",
    "UserMigration": "user_migration",
    "DefineAuthChallenge": "define_auth_challenge",
    "CreateAuthChallenge": "create_auth_challenge",
    "VerifyAuthChallengeResponse": "verify_auth_challenge_response",
    "CustomSMSSender": "custom_sms_sender",
    "CustomEmailSender": "custom_email_sender",
    "InboundFederation": "inbound_federation",
}
_INVALID_JSON = "Invalid lambda function output : Invalid JSON"
_TIMED_OUT = "Socket timeout while invoking Lambda function."
_Answer = TypeVar("_Answer")


def arn_of(pool: Pool, trigger: Trigger) -> str | None:
    """The ARN of the function that the pool names for the trigger; None for none."""
    config = pool.settings.shape.lambda_config
    if config is None:
        return None
    if trigger == "PreTokenGeneration" and config.pre_token_generation_config is not None:
        return config.pre_token_generation_config.lambda_arn
    named: Any = getattr(config, _MEMBERS[trigger])
    return named if named is None or isinstance(named, str) else named.lambda_arn


def is_named(pool: Pool, trigger: Trigger) -> bool:
    """Whether the pool's `LambdaConfig` names the trigger, by its wire name ("PreSignUp")."""
    return arn_of(pool, trigger) is not None


def token_version(pool: Pool) -> token_changes.Version:
    """The version of the event that the pool's PreTokenGeneration takes."""
    config = pool.settings.shape.lambda_config or idp.LambdaConfigType()
    return config.pre_token_generation_config.lambda_version if config.pre_token_generation_config else "V1_0"


def ask(call: Call, pool: Pool, event: Event, read: Callable[[Mapping[str, Any]], _Answer]) -> _Answer:
    """What the function makes of the event, as `read` understands its response.

    Raises UserLambdaValidation where it raised, UnexpectedLambda where it could not be asked or none is named,
    InvalidLambdaResponse, TooManyRequests where too many wait for the pool's triggers already.
    """
    arn = arn_of(pool, event.trigger)
    if arn is None:
        raise errors.UnexpectedLambda(NOT_CONFIGURED)
    answer = _carried(call, pool, event, arn)
    try:
        return read(response_of(msgspec.json.decode(answer)))
    except Unrecognizable as rubbish:
        raise errors.InvalidLambdaResponse(str(rubbish)) from None
    except (msgspec.DecodeError, RecursionError):
        raise errors.InvalidLambdaResponse(_INVALID_JSON) from None


def tell(call: Call, pool: Pool, event: Event) -> None:
    """Ask a trigger whose answer changes nothing, if it is named: it must answer all the same. Raises as `ask`."""
    if is_named(pool, event.trigger):
        ask(call, pool, event, lambda _: None)


def _carried(call: Call, pool: Pool, event: Event, arn: str) -> bytes:
    whole = envelope(event, region=pool.region, pool_id=pool.pool_id, agent=call.agent)
    target = trigger_targets.target(call, arn)
    trigger = event.trigger
    try:
        return call.triggers.invoke(target, trigger, msgspec.json.encode(whole), pool.pool_id)
    except carrier.Raised as raised:
        raise errors.UserLambdaValidation(f"{trigger} failed with error {raised.message}.") from None
    except carrier.NotInvocable as trouble:
        name = trouble.exception_name
        raise errors.UnexpectedLambda(f"{trigger} invocation failed due to error {name}.") from None
    except carrier.TimedOut:
        raise errors.UnexpectedLambda(f"{trigger} invocation failed due to error {_TIMED_OUT}") from None
    except carrier.Unrecognizable:
        raise errors.InvalidLambdaResponse(UNRECOGNIZABLE) from None
    except carrier.Busy:
        raise errors.TooManyRequests from None
