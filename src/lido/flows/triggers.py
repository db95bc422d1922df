"""Which triggers a pool names, and the refusal to act as if they were not there.

A trigger decides, enriches or vetoes; running a flow without one that the pool
names would sign in whom its owner refuses.
"""

from lido import errors
from lido.records import Pool

_MEMBERS = {
    "PreSignUp": ("pre_sign_up",),
    "CustomMessage": ("custom_message",),
    "PostConfirmation": ("post_confirmation",),
    "PreAuthentication": ("pre_authentication",),
    "PostAuthentication": ("post_authentication",),
    "PreTokenGeneration": ("pre_token_generation", "pre_token_generation_config"),
    "UserMigration": ("user_migration",),
    "DefineAuthChallenge": ("define_auth_challenge",),
    "CreateAuthChallenge": ("create_auth_challenge",),
    "VerifyAuthChallengeResponse": ("verify_auth_challenge_response",),
    "CustomSMSSender": ("custom_sms_sender",),
    "CustomEmailSender": ("custom_email_sender",),
    "InboundFederation": ("inbound_federation",),
}


def is_named(pool: Pool, trigger: str) -> bool:
    """Whether the pool's `LambdaConfig` names the trigger, by its wire name ("PreSignUp")."""
    config = pool.settings.shape.lambda_config
    return config is not None and any(getattr(config, member) for member in _MEMBERS[trigger])


def require_none(pool: Pool, *names: str) -> None:
    """Raise UnexpectedLambda where the pool names one of these triggers, because none can be run yet."""
    if pool.settings.shape.lambda_config is None:
        return
    for trigger in names:
        if is_named(pool, trigger):
            raise errors.UnexpectedLambda(f"{trigger} invocation failed due to error NotImplementedException.")
