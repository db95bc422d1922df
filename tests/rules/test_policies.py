import fnmatch
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido.rules import policies

POOL = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_aB3dE5fG7"


def policy(*statements):
    return policies.validate(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))


def rule(effect="Allow", action="*", resource="*", **others):
    return {"Effect": effect, "Action": action, "Resource": resource, **others}


def test_full_access_allows_all():
    assert policies.allows([policies.validate(policies.FULL_ACCESS)], "cognito-idp:DeleteUserPool", POOL)


def test_what_no_rule_names_is_denied():
    assert not policies.allows([], "cognito-idp:ListUsers", POOL)
    assert not policies.allows([policy(rule(action="cognito-idp:GetUser"))], "cognito-idp:ListUsers", POOL)


def test_an_explicit_deny_wins_wherever_it_stands():
    deny, allow = policy(rule("Deny", "cognito-idp:Delete*")), policies.validate(policies.FULL_ACCESS)
    for both in ([deny, allow], [allow, deny], [policy(rule(), rule("Deny", "cognito-idp:Delete*"))]):
        assert not policies.allows(both, "cognito-idp:DeleteUserPool", POOL)
        assert policies.allows(both, "cognito-idp:ListUsers", POOL)


def test_actions_have_no_case_and_resources_have():
    assert policies.allows([policy(rule(action="COGNITO-IDP:list*"))], "cognito-idp:ListUsers", POOL)
    assert not policies.allows([policy(rule(resource=POOL.lower()))], "cognito-idp:ListUsers", POOL)


@pytest.mark.parametrize(
    "resource, covered",
    [
        (POOL, True),
        ("arn:aws:cognito-idp:us-east-1:000000000000:userpool/*", True),
        ("arn:aws:cognito-idp:*:*:userpool/us-east-1_?B3dE5fG7", True),
        ("arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_other", False),
        ("arn:aws:cognito-idp:us-east-1:*:*:*", False),
        ("arn:*:*:*:*:*", True),
    ],
)
def test_a_wildcard_stays_in_its_part(resource, covered):
    assert policies.allows([policy(rule(resource=resource))], "cognito-idp:ListUsers", POOL) is covered


def test_not_action_and_not_resource_name_the_rest():
    others = policy({"Effect": "Allow", "NotAction": "cognito-idp:Delete*", "NotResource": [POOL]})
    assert policies.allows([others], "cognito-idp:ListUsers", POOL + "x")
    assert not policies.allows([others], "cognito-idp:ListUsers", POOL)
    assert not policies.allows([others], "cognito-idp:DeleteGroup", POOL + "x")


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        "[" * 6000,
        "null",
        json.dumps({"Version": "2012-10-17", "Statement": []}),
        json.dumps({"Version": "2012-10-17", "Statement": ["x"]}),
        json.dumps({"Version": "2020-01-01", "Statement": [rule()]}),
        json.dumps({"Statement": [rule()]}),
        json.dumps({"Version": "2012-10-17", "Statement": [rule()], "More": 1}),
        '{"Version":"2012-10-17","Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
        *(
            json.dumps({"Version": "2012-10-17", "Statement": statement})
            for statement in (
                rule(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
                rule(Principal="*"),
                rule("allow"),
                rule(["Allow"]),
                rule(action=[]),
                rule(action=""),
                rule(action=7),
                rule(action="ListUsers"),
                rule(NotAction="*"),
                rule(resource="userpool/x"),
                rule(resource="arn:aws:cognito-idp:*"),
                rule(resource="arn:aws:cognito-idp:::userpool/${aws:username}"),
                {"Effect": "Allow", "Action": "*"},
            )
        ),
        json.dumps({"Version": "2012-10-17", "Statement": rule(Sid="x" * 6144)}),
    ],
)
def test_what_is_not_understood_is_no_policy(document):
    with pytest.raises(ValueError):
        policies.validate(document)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_mean_what_they_mean_to_a_shell(pattern, text):
    assert policies.matches(pattern, text) == bool(re.fullmatch(fnmatch.translate(pattern), text))


def test_a_denial_says_who_what_and_where():
    assert policies.denial("arn:aws:iam::000000000000:user/ann", "cognito-idp:ListUsers", POOL) == (
        "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: cognito-idp:ListUsers "
        f"on resource: {POOL}"
    )
