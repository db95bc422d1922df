"""What a trigger is told, and what its answer may change: Cognito's events and answers, without the asking.

A function gives back the whole event; only its `response` counts. Sources: the user pool's trigger reference, by
trigger. Challenges of one's own are rules/custom_challenges.py, messages rules/custom_messages.py, tokens
rules/token_changes.py.
"""

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from lido.records import Pool, Status, User
from lido.rules.profile import attributes_of

UNRECOGNIZABLE = "Unrecognizable lambda output"
NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"

Trigger = Literal[
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "PreTokenGeneration",
    "UserMigration",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "CustomMessage",
    "CustomSMSSender",
    "CustomEmailSender",
    "InboundFederation",
]
Texts = Mapping[str, str]

_SDK = re.compile(r"aws-sdk-([a-z0-9]{1,20})/([0-9][0-9A-Za-z.-]{0,30})")
_MOST_ENTRIES = 100
LONGEST_VALUE = 2_048


class Unrecognizable(ValueError):
    """The answer is none that this trigger may give; str() is Cognito's sentence."""

    def __init__(self) -> None:
        super().__init__(UNRECOGNIZABLE)


class Event(Struct, frozen=True):
    """What one trigger is told. `client_id` is None for operators without a client, `response` what it may fill in.

    `request` holds what only this trigger knows; the rest of the envelope is the caller's and the pool's.
    """

    trigger: Trigger
    source: str
    username: str
    client_id: str | None
    request: dict[str, Any]
    response: dict[str, Any] | None
    version: str = "1"


def envelope(event: Event, *, region: str, pool_id: str, agent: str) -> dict[str, Any]:
    """The whole event as the function receives it; `agent` is the caller's user agent."""
    named = _SDK.search(agent)
    whole = {
        "version": event.version,
        "triggerSource": event.source,
        "region": region,
        "userPoolId": pool_id,
        "userName": event.username,
        "callerContext": {
            "awsSdkVersion": f"aws-sdk-{named[1]}-{named[2]}" if named else "aws-sdk-unknown-unknown",
            "clientId": event.client_id or NO_CLIENT,
        },
        "request": event.request,
    }
    return whole if event.response is None else whole | {"response": event.response}


def response_of(answer: object) -> dict[str, Any]:
    """The `response` of what a function gave back. Raises Unrecognizable for what is no event."""
    if not isinstance(answer, dict):
        raise Unrecognizable
    response = answer.get("response")
    if response is None:
        return {}
    if not isinstance(response, dict):
        raise Unrecognizable
    return response


def attributes(pool: Pool, user: User) -> dict[str, str]:
    """`userAttributes`: all as text, with the status, and the aliases that lead to the user."""
    aliases = pool.settings.shape.alias_attributes or ()
    shown = attributes_of(user) | {"cognito:user_status": Status(user.status).name}
    if "email" in aliases and user.email and user.email_verified:
        shown["cognito:email_alias"] = user.email
    if "phone_number" in aliases and user.phone_number and user.phone_verified:
        shown["cognito:phone_number_alias"] = user.phone_number
    return shown


# Signing up.


class SignUpAnswer(Struct, frozen=True):
    """What PreSignUp decides."""

    confirm: bool = False
    verify_email: bool = False
    verify_phone: bool = False


def pre_sign_up(
    source: Literal["SignUp", "AdminCreateUser", "ExternalProvider"],
    username: str,
    client_id: str | None,
    attributes: Texts,
    *,
    validation_data: Texts | None,
    client_metadata: Texts,
) -> Event:
    """Before a user is stored; `attributes` are those that were submitted."""
    request = {"userAttributes": dict(attributes), "validationData": dict(validation_data) if validation_data else None}
    response = {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False}
    told = with_metadata(request, client_metadata)
    return Event("PreSignUp", f"PreSignUp_{source}", username, client_id, told, response)


def sign_up_answer(response: Mapping[str, Any]) -> SignUpAnswer:
    """Raises Unrecognizable."""
    names = ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
    return SignUpAnswer(*(flag(response, name) for name in names))


def post_confirmation(
    source: Literal["ConfirmSignUp", "ConfirmForgotPassword"],
    username: str,
    client_id: str | None,
    attributes: Texts,
    client_metadata: Texts,
) -> Event:
    """After a user was confirmed or has a new password. Its answer changes nothing."""
    request = with_metadata({"userAttributes": dict(attributes)}, client_metadata)
    return Event("PostConfirmation", f"PostConfirmation_{source}", username, client_id, request, {})


# Signing in.


def pre_authentication(
    username: str, client_id: str, attributes: Texts, *, validation_data: Texts, user_not_found: bool
) -> Event:
    """Before anything is proven; `validation_data` is the request's ClientMetadata."""
    request: dict[str, Any] = {"userAttributes": dict(attributes)}
    if validation_data:
        request["validationData"] = dict(validation_data)
    if user_not_found:
        request["userNotFound"] = True
    return Event("PreAuthentication", "PreAuthentication_Authentication", username, client_id, request, {})


def post_authentication(
    username: str, client_id: str, attributes: Texts, *, new_device: bool, client_metadata: Texts
) -> Event:
    """After everything is proven, before tokens. Its answer changes nothing."""
    request = with_metadata({"userAttributes": dict(attributes), "newDeviceUsed": new_device}, client_metadata)
    return Event("PostAuthentication", "PostAuthentication_Authentication", username, client_id, request, {})


class Migrated(Struct, frozen=True):
    """A user whom the trigger brings. `media` are those of the invitation; () where none is to be sent."""

    attributes: dict[str, str]
    confirmed: bool
    media: tuple[str, ...]
    force_alias: bool
    sms_mfa: bool


def user_migration(
    source: Literal["Authentication", "ForgotPassword"],
    typed: str,
    client_id: str,
    password: str | None,
    *,
    validation_data: Texts,
    client_metadata: Texts,
) -> Event:
    """Somebody unknown signs in, or forgot a password (then `password` is None)."""
    request: dict[str, Any] = {"validationData": dict(validation_data) or None, "userAttributes": None}
    if password is not None:
        request["password"] = password
    names = (
        "userAttributes",
        "finalUserStatus",
        "messageAction",
        "desiredDeliveryMediums",
        "forceAliasCreation",
        "enableSMSMFA",
    )
    told = with_metadata(request, client_metadata)
    return Event("UserMigration", f"UserMigration_{source}", typed, client_id, told, dict.fromkeys(names))


def migrated(response: Mapping[str, Any], typed: str) -> Migrated | None:
    """The user whom the answer brings, None for none. Raises Unrecognizable, also for another user than `typed`."""
    given = response.get("userAttributes")
    if given is None or given == {}:
        return None
    values = texts(given)
    if values.pop("username", typed) != typed:
        raise Unrecognizable
    status, action = response.get("finalUserStatus"), response.get("messageAction")
    if status not in (None, "", "CONFIRMED", "RESET_REQUIRED") or action not in (None, "", "SUPPRESS"):
        raise Unrecognizable
    media = response.get("desiredDeliveryMediums") or ("SMS",)
    if not isinstance(media, list | tuple) or not all(medium in ("EMAIL", "SMS") for medium in media):
        raise Unrecognizable
    return Migrated(
        values,
        confirmed=status == "CONFIRMED",
        media=() if action == "SUPPRESS" else tuple(media),
        force_alias=flag(response, "forceAliasCreation"),
        sms_mfa=flag(response, "enableSMSMFA"),
    )


# Reading answers.


def with_metadata(request: dict[str, Any], client_metadata: Texts) -> dict[str, Any]:
    """The request with what the client says, where it says anything."""
    return request | {"clientMetadata": dict(client_metadata)} if client_metadata else request


def flag(response: Mapping[str, Any], name: str) -> bool:
    """A boolean of an answer; absent or null is False. Raises Unrecognizable."""
    value = response.get(name)
    if value is not None and not isinstance(value, bool):
        raise Unrecognizable
    return bool(value)


def text(response: Mapping[str, Any], name: str, longest: int) -> str | None:
    """A text of an answer; absent, null or empty is None. Raises Unrecognizable."""
    value = response.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise Unrecognizable
    return value


def texts(value: object) -> dict[str, str]:
    """A map of texts. Raises Unrecognizable."""
    if not isinstance(value, dict) or len(value) > _MOST_ENTRIES:
        raise Unrecognizable
    for name, text in value.items():
        if not isinstance(text, str) or len(name) > LONGEST_VALUE or len(text) > LONGEST_VALUE:
            raise Unrecognizable
    return dict(value)
