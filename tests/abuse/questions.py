"""The functions of a pool that decides sign-ins itself: one question, as often as it takes."""

from typing import Any

ANSWER = "8"


def define(event: dict[str, Any]) -> dict[str, Any]:
    rounds = event["request"]["session"]
    if rounds and rounds[-1]["challengeResult"]:
        event["response"]["issueTokens"] = True
    elif rounds:
        event["response"]["failAuthentication"] = True
    else:
        event["response"]["challengeName"] = "CUSTOM_CHALLENGE"
    return event


def create(event: dict[str, Any]) -> dict[str, Any]:
    event["response"]["privateChallengeParameters"] = {"answer": ANSWER}
    return event


def verify(event: dict[str, Any]) -> dict[str, Any]:
    request = event["request"]
    event["response"]["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    return event
