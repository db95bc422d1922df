"""What is left of a token in an exchange, and who acts for whom."""

import pytest

from lido.rules import token_exchange
from lido.rules.token_exchange import Party, Refused

KNOWN = ("openid", "email", "api/read", "api/write")
ROBOT = Party("robot", "robot")


@pytest.mark.parametrize(
    ("asked", "of_subject", "of_client", "left"),
    [
        ((), ("openid", "api/read"), KNOWN, ("openid", "api/read")),
        (("api/read", "api/read"), ("openid", "api/read"), KNOWN, ("api/read",)),
        (("api/read", "api/write"), ("api/read",), KNOWN, ("api/read",)),
        ((), ("api/read", "gone"), (*KNOWN, "gone"), ("api/read",)),
        ((), (), KNOWN, ()),
    ],
)
def test_scopes_are_those_of_all(asked, of_subject, of_client, left):
    assert token_exchange.scopes(asked, of_subject, of_client, KNOWN) == left


@pytest.mark.parametrize(
    ("asked", "of_subject", "of_client"),
    [(("api/write",), ("api/read",), KNOWN), ((), ("api/read",), ("openid",)), (("openid",), (), KNOWN)],
)
def test_where_nothing_is_left_of_something_it_is_refused(asked, of_subject, of_client):
    with pytest.raises(Refused, match="invalid_scope"):
        token_exchange.scopes(asked, of_subject, of_client, KNOWN)


def test_actors_stand_one_behind_the_other():
    assert token_exchange.acting({}, None, "app") is None
    first = token_exchange.acting({}, ROBOT, "app")
    assert first == {"sub": "robot", "client_id": "robot"}
    assert token_exchange.acting({"act": first}, Party("ada", "web"), "app") == {
        "sub": "ada",
        "client_id": "web",
        "act": first,
    }
    assert token_exchange.acting({"act": first}, None, "app") == first
    assert token_exchange.acting({"act": "rubbish"}, ROBOT, "app") == first


@pytest.mark.parametrize("allowed", [{"sub": "other"}, {}, "robot", ["robot"], False])
def test_whom_may_act_does_not_name_may_not(allowed):
    for actor in (ROBOT, None):
        with pytest.raises(Refused):
            token_exchange.acting({"may_act": allowed}, actor, "app")


def test_whom_may_act_names_may():
    assert token_exchange.acting({"may_act": {"sub": "robot"}}, ROBOT, "app")
    assert token_exchange.acting({"may_act": {"sub": "app"}}, None, "app") is None


def test_it_ends_with_the_first_of_what_it_is_made_of():
    assert token_exchange.expiry(100, 60, {"exp": 200}) == 160
    assert token_exchange.expiry(100, 60, {"exp": 150}, {"exp": 130}) == 130


def test_the_audience_is_one_of_the_targets():
    assert token_exchange.audience("access", None, None, "app", ()) is None
    assert token_exchange.audience("access", "app", None, "app", ()) == "app"
    assert token_exchange.audience("access", None, "api", "app", {"api"}) == "api"
    assert token_exchange.audience("id", "app", None, "app", ()) == "app"
    for kind, audience, resource in (("access", "api", None), ("id", "web", None), ("id", None, "web")):
        with pytest.raises(Refused, match="invalid_target"):
            token_exchange.audience(kind, audience, resource, "app", {"web"})
    with pytest.raises(Refused, match="invalid_request"):
        token_exchange.audience("access", "web", "web", "app", {"web"})
