"""Scopes: what a request may have of them, and which attributes they open."""

import pytest

from lido.rules import scopes

ALLOWED = ("openid", "email", "profile", "api/read")
ATTRIBUTES = {
    "sub": "1",
    "email": "a@example.com",
    "email_verified": "true",
    "phone_number": "+15550100",
    "phone_number_verified": "true",
    "name": "Alice",
    "address": "Main Street",
    "custom:shoe": "42",
}


@pytest.mark.parametrize("text", [None, "", "  "])
def test_a_request_that_names_none_has_all(text):
    assert scopes.requested(text, ALLOWED) == ALLOWED


@pytest.mark.parametrize(
    ("text", "granted"),
    [
        ("openid", ("openid",)),
        ("openid  email openid", ("openid", "email")),
        ("api/read", ("api/read",)),
        ("openid offline_access", ("openid",)),
        ("offline_access", None),
        ("phone openid", None),
        ("email", None),
        ("openid OPENID", None),
        ("openid\temail", None),
        ("openid api/write", None),
    ],
)
def test_what_is_asked_for_is_given_whole_or_not_at_all(text, granted):
    assert scopes.requested(text, ALLOWED) == granted


@pytest.mark.parametrize(
    ("given", "covered"),
    [
        (["openid"], set(ATTRIBUTES)),
        (["openid", "api/read"], set(ATTRIBUTES)),
        (["openid", "email"], {"sub", "email", "email_verified"}),
        (["openid", "phone"], {"sub", "phone_number", "phone_number_verified"}),
        (["openid", "profile"], {"sub", "name", "custom:shoe"}),
        (["api/read"], set()),
    ],
)
def test_scopes_open_attributes(given, covered):
    assert set(scopes.covered(ATTRIBUTES, given)) == covered
