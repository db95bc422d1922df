"""Where a pool's logs may go, and what a record says: the form of Cognito's log export.

Two sources: `userNotification` at ERROR, messages that could not be sent; `userAuthEvents` at INFO, what users did.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from lido import errors
from lido.rules.identifiers import is_region
from lido.rules.user_agents import device_type
from lido.shapes import idp

NOTIFICATIONS = "userNotification"
AUTH_EVENTS = "userAuthEvents"
Service = Literal["logs", "s3", "firehose"]

_LEVELS = {NOTIFICATIONS: "ERROR", AUTH_EVENTS: "INFO"}
_LOG_GROUP = re.compile(r"arn:[\w-]+:logs:([\w-]+):[0-9]+:log-group:([\w./#-]{1,512})(:\*)?")
_BUCKET = re.compile(r"arn:[\w-]+:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])")
_STREAM = re.compile(r"arn:[\w-]+:firehose:([\w-]+):[0-9]+:deliverystream/([\w.-]{1,64})")
# What a user's event is called there, and how it ended.
_EVENTS = {
    "signed_up": ("SignUp", "InProgress"),
    "confirmed": ("SignUp", "Pass"),
    "signed_in": ("SignIn", "Pass"),
    "challenged": ("SignIn", "InProgress"),
    "refused": ("SignIn", "Fail"),
    "password_changed": ("PasswordChange", "Pass"),
}
_SPECIAL = {
    ("refused", "operation", "ChangePassword"): ("PasswordChange", "Fail"),
    ("password_changed", "reason", "ConfirmForgotPassword"): ("ForgotPassword", "Pass"),
    ("code_sent", "reason", "ForgotPassword"): ("ForgotPassword", "InProgress"),
    ("code_sent", "reason", "ResendCode"): ("ResendCode", "Pass"),
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Destination(NamedTuple):
    """One of AWS's services, and the log group, bucket or delivery stream there; `region` is '' for buckets."""

    service: Service
    name: str
    region: str


def check(configurations: Sequence[idp.LogConfigurationType], region: str) -> None:
    """Refuse what Cognito does not deliver, of a pool in that region. Raises InvalidParameter."""
    sources = [each.event_source for each in configurations]
    if len(set(sources)) < len(sources):
        raise errors.InvalidParameter("Following event sources appear more then once in a request")
    for each in configurations:
        level = _LEVELS[each.event_source]
        if each.log_level != level:
            raise errors.InvalidParameter(f"Log level {each.log_level} is not supported for {each.event_source}.")
        if each.event_source == NOTIFICATIONS and (each.s3_configuration or each.firehose_configuration):
            raise errors.InvalidParameter(f"{NOTIFICATIONS} supports CloudWatchLogsConfiguration only.")
        if destination(each).region not in ("", region):
            raise errors.InvalidParameter("ARN does not belong to current region")


def destination(configuration: idp.LogConfigurationType) -> Destination:
    """Where its records go. Raises InvalidParameter unless it names exactly one place, by an ARN of its service."""
    given = [
        (configuration.cloud_watch_logs_configuration, "log_group_arn", _log_group),
        (configuration.s3_configuration, "bucket_arn", _bucket),
        (configuration.firehose_configuration, "stream_arn", _stream),
    ]
    named = [(getattr(member, name), read) for member, name, read in given if member is not None]
    if len(named) != 1:
        raise errors.InvalidParameter("Exactly one log destination must be configured for each event source.")
    arn, read = named[0]
    found = read(arn or "")
    if found is None or not (found.region == "" or is_region(found.region)):
        raise errors.InvalidParameter("The ARN of the log destination is not valid.")
    return found


def _log_group(arn: str) -> Destination | None:
    match = _LOG_GROUP.fullmatch(arn)
    return Destination("logs", match[2], match[1]) if match else None


def _bucket(arn: str) -> Destination | None:
    match = _BUCKET.fullmatch(arn)
    return Destination("s3", match[1], "") if match else None


def _stream(arn: str) -> Destination | None:
    match = _STREAM.fullmatch(arn)
    return Destination("firehose", match[2], match[1]) if match else None


def auth_event(kind: str, fact: Mapping[str, Any]) -> tuple[str, str] | None:
    """Type and response that a user's event has in the log; None for events that it does not tell."""
    for name in ("operation", "reason"):
        special = _SPECIAL.get((kind, name, str(fact.get(name))))
        if special is not None:
            return special
    return _EVENTS.get(kind)


def notification_record(pool_id: str, at: int, details: str) -> dict[str, Any]:
    """A message that could not be sent, `at` ms since 1970."""
    return _record(pool_id, at, "USER_NOTIFICATION", "ERROR", {"details": details})


def auth_record(
    pool_id: str,
    event_id: str,
    at: int,
    *,
    kind: str,
    fact: Mapping[str, Any],
    sub: str,
    username: str,
    request_id: str,
) -> dict[str, Any]:
    """What a user did, `at` ms since 1970; `fact` as flows/events.py tells it. All but `challenges` are texts."""
    event_type, response = auth_event(kind, fact) or ("", "")
    message = {
        "version": "1",
        "eventId": event_id,
        "eventType": event_type,
        "userSub": sub,
        "userName": username,
        "userPoolId": pool_id,
        "clientId": fact.get("client_id") or "",
        "creationDate": _date(at),
        "eventResponse": response,
        "riskLevel": "",
        "riskDecision": "PASS",
        "challenges": _challenges(kind, fact),
        "deviceName": device_type(fact.get("agent")),
        "ipAddress": fact.get("address") or "",
        "requestId": request_id,
        "idpName": "",
        "compromisedCredentialDetected": "false",
        "city": "",
        "country": "",
        "eventFeedbackValue": "",
        "eventFeedbackDate": "",
        "eventFeedbackProvider": "",
        "hasContextData": "false",
    }
    return _record(pool_id, at, "USER_ACTIVITY", "INFO", message)


def _challenges(kind: str, fact: Mapping[str, Any]) -> list[str]:
    """What a sign-in proved, by its authentication methods (RFC 8176)."""
    methods = fact.get("names") or () if kind == "signed_in" else ()
    shown = {"Password:Success": "pwd" in methods, "Mfa:Success": "mfa" in methods}
    return [text for text, is_shown in shown.items() if is_shown]


def _record(pool_id: str, at: int, source: str, level: str, message: dict[str, Any]) -> dict[str, Any]:
    return {
        "eventTimestamp": str(at),
        "eventSource": source,
        "logLevel": level,
        "message": message,
        "logSourceId": {"userPoolId": pool_id},
    }


def _date(at: int) -> str:
    """`Wed Jul 17 17:25:55 UTC 2024`, whatever the machine's language."""
    moment = datetime.fromtimestamp(at / 1000, UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day} {month} {moment.day:02} {moment:%H:%M:%S} UTC {moment.year}"
