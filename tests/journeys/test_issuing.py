"""Every way that ends in tokens, against everything that may happen to the account, the client or the pool meanwhile.

Meanwhile is before the last request, or in its midst: between what it reads and what it writes.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from tests.sign_ins import People, refusal
from tests.world import FLOWS, PASSWORD, World, sign_by

from lido.storage.database import Database, Transaction

TEMPORARY, NEW = "T3mporary!", "N3w-password"
ROTATING = {
    "ExplicitAuthFlows": [flow for flow in FLOWS if flow != "ALLOW_REFRESH_TOKEN_AUTH"],
    "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
}
Last = Callable[[], Any]


class Interrupted:
    """A database into whose n-th next write something else comes first."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes, self._deed = 0, None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def interrupt(self, nth: int, deed: Callable[[], Any]) -> None:
        self._writes, self._deed = nth, deed

    def write(self, **how: Any) -> AbstractContextManager[Transaction]:
        self._writes -= 1
        if self._writes == 0 and self._deed is not None:
            deed, self._deed = self._deed, None
            deed()
        return self._database.write(**how)

    @property
    def done(self) -> bool:
        return self._deed is None


@pytest.fixture
def house(database: Database) -> Iterator[World]:
    world = World(Interrupted(database))
    sign_by(world.clock)
    yield world
    world.close()


# The ways. Each goes as far as it can and returns the last request, which would bring tokens.


def by_password(people: People) -> Last:
    return lambda: people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["AuthenticationResult"]


def by_an_operator(people: People) -> Last:
    return lambda: people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD)["AuthenticationResult"]


def by_srp(people: People) -> Last:
    srp = people.srp()
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    answers = srp.process_challenge(challenge["ChallengeParameters"], {"USERNAME": "alice"})
    return lambda: people.respond("PASSWORD_VERIFIER", **answers)["AuthenticationResult"]


def by_a_new_password(people: People) -> Last:
    people.house.idp.admin_set_user_password(UserPoolId=people.pool_id, Username="alice", Password=TEMPORARY)
    session = people.initiate(USERNAME="alice", PASSWORD=TEMPORARY)["Session"]
    answers = {"USERNAME": "alice", "NEW_PASSWORD": NEW}
    return lambda: people.respond("NEW_PASSWORD_REQUIRED", session, **answers)["AuthenticationResult"]


def by_refresh(people: People) -> Last:
    token = people.sign_in()["RefreshToken"]
    return lambda: people.refresh(token)


def by_get_tokens(people: People) -> Last:
    token = people.sign_in()["RefreshToken"]
    return lambda: people.rotate(token)


def by_rotation(people: People) -> Last:
    return by_get_tokens(people)


# What happens meanwhile.


def operator(operation: str) -> Callable[[People], Any]:
    def deed(people: People) -> Any:
        return getattr(people.house.idp, operation)(UserPoolId=people.pool_id, Username="alice")

    deed.__name__ = operation
    return deed


disabled = operator("admin_disable_user")
deleted = operator("admin_delete_user")
signed_out = operator("admin_user_global_sign_out")
reset = operator("admin_reset_user_password")


def password_changed(people: People) -> None:
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password="Qu1te-another", Permanent=True
    )


def client_deleted(people: People) -> None:
    people.house.idp.delete_user_pool_client(UserPoolId=people.pool_id, ClientId=people.client_id)


def pool_deleted(people: People) -> None:
    people.house.idp.delete_user_pool(UserPoolId=people.pool_id)


DEEDS = (disabled, deleted, signed_out, reset, password_changed, client_deleted, pool_deleted)
AT_ONCE = (by_password, by_an_operator)
IN_STEPS = (by_srp, by_a_new_password)
CONTINUED = (by_refresh, by_get_tokens, by_rotation)
WAYS = (*AT_ONCE, *IN_STEPS, *CONTINUED)


def allowed(way: Any, deed: Any) -> bool:
    """What harms nothing: a fresh sign-in after a sign-out; on Cognito, tokens survive a change of the password."""
    return (way in AT_ONCE and deed is signed_out) or (way in CONTINUED and deed is password_changed)


def impossible(way: Any, deed: Any) -> bool:
    """A temporary password cannot be reset."""
    return way is by_a_new_password and deed is reset


def table(*ways: Any, without: Callable[[Any, Any], bool]) -> list[Any]:
    return [
        pytest.param(way, deed, id=f"{way.__name__}-{deed.__name__}")
        for way in ways
        for deed in DEEDS
        if not impossible(way, deed) and not without(way, deed)
    ]


@pytest.fixture
def people(house: World, request: pytest.FixtureRequest) -> People:
    way = request.getfixturevalue("way")
    people = People(house, **(ROTATING if way is by_rotation else {}))
    people.alice(email="alice@example.com", email_verified="true")
    return people


@pytest.mark.parametrize(("way", "deed"), table(*WAYS, without=allowed))
def test_nothing_is_issued_after(people, way, deed):
    last = way(people)
    sessions = people.sessions()

    deed(people)

    refusal(last)
    assert people.sessions() <= sessions


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_the_ways_lead_to_tokens_where_nothing_happens(people, way):
    assert way(people)()["AccessToken"]


@pytest.mark.parametrize("way", CONTINUED, ids=lambda way: way.__name__)
def test_tokens_are_continued_after_a_change_of_the_password(people, way):
    last = way(people)
    password_changed(people)
    assert last()["AccessToken"]


def harmless(way: Any, deed: Any) -> bool:
    """A password that changes while it is being looked at may still have let in a moment before."""
    return deed is password_changed and way is not by_a_new_password


# Before the last write of each way. A refresh without rotation writes nothing: there is no midst.
WRITES = {by_password: 2, by_an_operator: 2, by_srp: 2, by_a_new_password: 1, by_rotation: 1}


@pytest.mark.parametrize(("way", "deed"), table(*WRITES, without=harmless))
def test_nothing_is_issued_when_it_happens_in_the_midst_of_the_last_request(people, way, deed):
    last = way(people)
    sessions = people.sessions()
    people.house.database.interrupt(WRITES[way], lambda: deed(people))

    refusal(last)

    assert people.house.database.done
    assert people.sessions() <= sessions


@pytest.mark.parametrize("way", AT_ONCE, ids=lambda way: way.__name__)
def test_a_refusal_in_the_midst_locks_nobody_out(people, way):
    last = way(people)
    for _ in range(6):
        people.house.database.interrupt(2, lambda: signed_out(people))
        refusal(last)
    assert last()["AccessToken"]
