"""Operators' rights: policy documents in IAM's language, and what they allow.

Explicit deny wins, what no statement names is denied. What this reader does not
understand (conditions, principals, variables) makes the document invalid, so
that no rule is silently left out.
"""

import json
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

LONGEST = 6144
FULL_ACCESS = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
READ_ONLY_ACCESS = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":['
    '"cognito-idp:Describe*","cognito-idp:Get*","cognito-idp:List*","cognito-idp:AdminGet*","cognito-idp:AdminList*",'
    '"cognito-identity:Describe*","cognito-identity:List*","cognito-identity:GetIdentityPool*",'
    '"cognito-identity:GetPrincipalTag*"],"Resource":"*"}]}'
)

_VERSIONS = ("2012-10-17", "2008-10-17")
_MEMBERS = frozenset({"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource"})


class Statement(NamedTuple):
    """One rule. `other_actions` and `other_resources`: the patterns name what it is not about."""

    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...]
    other_actions: bool
    resources: tuple[str, ...]
    other_resources: bool

    def covers(self, action: str, resource: str) -> bool:
        """Is the rule about this action (in lower case) on this resource?"""
        acts = any(matches(pattern, action) for pattern in self.actions) != self.other_actions
        return acts and any(_names(pattern, resource) for pattern in self.resources) != self.other_resources


class Policy(NamedTuple):
    """The rules of one document."""

    statements: tuple[Statement, ...]


def validate(document: str) -> Policy:
    """The policy that a JSON document describes. Raises ValueError, saying what is wrong."""
    if len(document) > LONGEST:
        raise ValueError(f"A policy has at most {LONGEST} characters.")
    try:
        read = json.loads(document, object_pairs_hook=_once)
    except RecursionError:
        raise ValueError("The policy is nested too deeply.") from None
    if not isinstance(read, dict) or not read.keys() <= {"Version", "Id", "Statement"}:
        raise ValueError("A policy is an object with Version, Id and Statement.")
    if read.get("Version") not in _VERSIONS:
        raise ValueError(f"Version must be one of {', '.join(_VERSIONS)}.")
    statements = read.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    if not listed:
        raise ValueError("A policy has at least one Statement.")
    return Policy(tuple(_statement(statement) for statement in listed))


def allows(policies: Iterable[Policy], action: str, resource_arn: str) -> bool:
    """May somebody with these policies do `cognito-idp:CreateGroup` on the resource?"""
    action = action.lower()
    covering = {
        statement.effect
        for policy in policies
        for statement in policy.statements
        if statement.covers(action, resource_arn)
    }
    return covering == {"Allow"}


def denial(caller_arn: str, action: str, resource_arn: str) -> str:
    """The sentence of AccessDenied; `action` is `cognito-idp:CreateGroup`."""
    return f"User: {caller_arn} is not authorized to perform: {action} on resource: {resource_arn}"


def matches(pattern: str, text: str) -> bool:
    """Does the whole text fit, where `*` is any run and `?` any one character?"""
    head, star, tail = pattern.partition("*")
    if "*" not in tail and "?" not in pattern:
        fits = len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)
        return fits if star else text == pattern
    return _fits(pattern, text)


def _fits(pattern: str, text: str) -> bool:
    # Only the last `*` is ever tried again, so the time is at most the product of the lengths.
    at = place = 0
    star, resume = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            at += 1
            place += 1
        elif star >= 0:
            resume += 1
            at, place = star + 1, resume
        else:
            return False
    return pattern[at:].strip("*") == ""


def _names(pattern: str, arn: str) -> bool:
    """IAM's rule: a wildcard stays within its part of the ARN; only the last part may hold colons."""
    if pattern == "*":
        return True
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) and all(map(matches, wanted, given))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("A member of the policy stands there twice.")
    return read


def _statement(read: object) -> Statement:
    if not isinstance(read, dict) or not read.keys() <= _MEMBERS:
        raise ValueError(f"A Statement is an object with no other members than {', '.join(sorted(_MEMBERS))}.")
    effect = read.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise ValueError("Effect must be Allow or Deny.")
    actions, other_actions = _patterns(read, "Action")
    resources, other_resources = _patterns(read, "Resource")
    return Statement(
        effect, tuple(map(_action, actions)), other_actions, tuple(map(_resource, resources)), other_resources
    )


def _patterns(read: dict[str, Any], member: str) -> tuple[list[str], bool]:
    other = f"Not{member}"
    if (member in read) == (other in read):
        raise ValueError(f"A Statement has either {member} or {other}.")
    value = read.get(member, read.get(other))
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list) or not listed or not all(isinstance(one, str) and one for one in listed):
        raise ValueError(f"{member} must be a string or a list of strings.")
    if any("${" in one for one in listed):
        raise ValueError("Policy variables are not supported.")
    return listed, other in read


def _action(pattern: str) -> str:
    if pattern != "*" and pattern.count(":") != 1:
        raise ValueError(f"An action is * or service:name, not {pattern}.")
    return pattern.lower()


def _resource(pattern: str) -> str:
    if pattern != "*" and (pattern.count(":") < 5 or not pattern.startswith("arn:")):
        raise ValueError(f"A resource is * or an ARN of six parts, not {pattern}.")
    return pattern
