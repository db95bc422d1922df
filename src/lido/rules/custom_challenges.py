"""Challenges of a pool's own (`CUSTOM_AUTH`): what the three triggers are told, and what they may answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from lido.rules.trigger_events import LONGEST_VALUE, Event, Texts, Unrecognizable, flag, text, texts, with_metadata

LONGEST_ANSWER = 2_048
_MOST_CHARACTERS = 16_384


class Round(Struct, frozen=True, array_like=True):
    """One entry of `session`: a challenge that was answered. `metadata` only for custom ones."""

    name: str
    result: bool
    metadata: str | None = None

    def shown(self) -> dict[str, Any]:
        return {"challengeName": self.name, "challengeResult": self.result, "challengeMetadata": self.metadata}


class Defined(Struct, frozen=True):
    """What DefineAuthChallenge decides: tokens, refusal, or the next challenge."""

    challenge: str = ""
    issue: bool = False
    fail: bool = False


class Created(Struct, frozen=True):
    """A challenge that CreateAuthChallenge made: what the person sees, what only the trigger knows, its name for it."""

    public: dict[str, str]
    private: dict[str, str]
    metadata: str | None

    def __repr__(self) -> str:
        return "Created(…)"


def define_auth_challenge(
    username: str,
    client_id: str,
    attributes: Texts,
    rounds: Sequence[Round],
    *,
    user_not_found: bool,
    client_metadata: Texts,
) -> Event:
    """What comes next, after these rounds?"""
    request: dict[str, Any] = {"userAttributes": dict(attributes), "session": [each.shown() for each in rounds]}
    request["userNotFound"] = user_not_found
    response = dict.fromkeys(("challengeName", "issueTokens", "failAuthentication"))
    told = with_metadata(request, client_metadata)
    source = "DefineAuthChallenge_Authentication"
    return Event("DefineAuthChallenge", source, username, client_id, told, response)


def defined(response: Mapping[str, Any]) -> Defined:
    """Raises Unrecognizable for an answer that decides nothing. A refusal outweighs tokens, tokens a challenge."""
    name = response.get("challengeName") or ""
    fail, issue = flag(response, "failAuthentication"), flag(response, "issueTokens")
    if not isinstance(name, str) or not (fail or issue or name):
        raise Unrecognizable
    return Defined("" if fail or issue else name, issue and not fail, fail)


def create_auth_challenge(
    username: str,
    client_id: str,
    attributes: Texts,
    rounds: Sequence[Round],
    *,
    user_not_found: bool,
    client_metadata: Texts,
) -> Event:
    """Make the next custom challenge."""
    request: dict[str, Any] = {
        "userAttributes": dict(attributes),
        "challengeName": "CUSTOM_CHALLENGE",
        "session": [each.shown() for each in rounds],
        "userNotFound": user_not_found,
    }
    response = dict.fromkeys(("publicChallengeParameters", "privateChallengeParameters", "challengeMetadata"))
    told = with_metadata(request, client_metadata)
    source = "CreateAuthChallenge_Authentication"
    return Event("CreateAuthChallenge", source, username, client_id, told, response)


def created(response: Mapping[str, Any]) -> Created:
    """Raises Unrecognizable."""
    public, private = (texts(response.get(f"{kind}ChallengeParameters") or {}) for kind in ("public", "private"))
    if sum(len(name) + len(value) for name, value in private.items()) > _MOST_CHARACTERS:
        raise Unrecognizable
    return Created(public, private, text(response, "challengeMetadata", LONGEST_VALUE))


def verify_auth_challenge(
    username: str,
    client_id: str,
    attributes: Texts,
    private: Texts,
    answer: str,
    *,
    user_not_found: bool,
    client_metadata: Texts,
) -> Event:
    """Is this the answer?"""
    request: dict[str, Any] = {
        "userAttributes": dict(attributes),
        "privateChallengeParameters": dict(private),
        "challengeAnswer": answer,
        "userNotFound": user_not_found,
    }
    told = with_metadata(request, client_metadata)
    source = "VerifyAuthChallengeResponse_Authentication"
    return Event("VerifyAuthChallengeResponse", source, username, client_id, told, {"answerCorrect": None})


def is_correct(response: Mapping[str, Any]) -> bool:
    """Raises Unrecognizable."""
    return flag(response, "answerCorrect")
