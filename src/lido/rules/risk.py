"""Threat protection: which configurations are taken, and how a user's event is told."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any, cast

from lido import errors
from lido.records import Pool
from lido.rules import log_delivery, user_agents
from lido.shapes import idp

# Which of AWS's two names a method (RFC 8176) and a step of a sign-in has; what is neither is left out.
_METHODS = {"pwd": "Password", "mfa": "Mfa"}
_STEPS = {
    frozenset({"PASSWORD", "PASSWORD_SRP", "PASSWORD_VERIFIER"}): "Password",
    frozenset({"SMS_MFA", "EMAIL_MFA", "SOFTWARE_TOKEN_MFA", "MFA_SETUP"}): "Mfa",
}
_WRONG = "wrong answer"


def is_on(pool: Pool) -> bool:
    """Whether the pool's threat protection records events (`AdvancedSecurityMode` AUDIT or ENFORCED)."""
    add_ons = pool.settings.shape.user_pool_add_ons
    return add_ons is not None and add_ons.advanced_security_mode != "OFF"


def check(request: idp.SetRiskConfigurationRequest) -> None:
    """Refuse what Cognito does not keep. Raises InvalidParameter."""
    takeover = request.account_takeover_risk_configuration
    if takeover is not None:
        actions = takeover.actions
        if not any((actions.low_action, actions.medium_action, actions.high_action)):
            raise errors.InvalidParameter("At least one of LowAction, MediumAction and HighAction must be set.")
    exceptions = request.risk_exception_configuration
    if exceptions is not None:
        _check_ranges("BlockedIPRangeList", exceptions.blocked_ip_range_list)
        _check_ranges("SkippedIPRangeList", exceptions.skipped_ip_range_list)


def _check_ranges(name: str, ranges: Sequence[str] | None) -> None:
    for each in ranges or ():
        try:
            is_range = "/" in each and bool(ip_network(each, strict=False))
        except ValueError:
            is_range = False
        if not is_range:
            raise errors.InvalidParameter(f"{name} contains a value that is not a CIDR range.")


def described(event_id: str, at: int, kind: str, fact: Mapping[str, Any]) -> idp.AuthEventType | None:
    """A user's event, of `at` (ms); None for what is none of AWS's kinds.

    Nothing is evaluated yet: each event carries no risk.
    """
    told = log_delivery.auth_event(kind, fact)
    if told is None:
        return None
    return idp.AuthEventType(
        event_id=event_id,
        event_type=cast("idp.EventType", told[0]),
        event_response=cast("idp.EventResponseType", told[1]),
        creation_date=at / 1000,
        event_risk=idp.EventRiskType(risk_decision="NoRisk", compromised_credentials_detected=False),
        challenge_responses=_challenges(kind, fact),
        event_context_data=idp.EventContextDataType(
            ip_address=fact.get("address"), device_name=user_agents.device_type(fact.get("agent"))
        ),
    )


def _challenges(kind: str, fact: Mapping[str, Any]) -> list[idp.ChallengeResponseType]:
    """What was proven by a sign-in that led in, or what was wrong with one that did not."""
    names = frozenset(map(str, fact.get("names") or ()))
    if kind == "signed_in":
        return [_challenge(name, "Success") for mark, name in _METHODS.items() if mark in names]
    if kind == "refused" and fact.get("reason") == _WRONG:
        return [_challenge(name, "Failure") for steps, name in _STEPS.items() if steps & names]
    return []


def _challenge(name: str, response: "idp.ChallengeResponse") -> idp.ChallengeResponseType:
    return idp.ChallengeResponseType(challenge_name=cast("idp.ChallengeName", name), challenge_response=response)
