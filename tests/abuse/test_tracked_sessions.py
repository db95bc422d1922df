"""Ids of sessions name them to their owner only: those of somebody else, or of another pool or kind, are nothing."""

import pytest
from tests.remembered import outcome
from tests.sign_ins import People, claims, refusal
from tests.world import World

UNKNOWN = ("ResourceNotFound", "Session does not exist.")


def tracking(house: World) -> People:
    people = People(house)
    house.idp.set_user_pool_session_configuration(
        UserPoolId=people.pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    people.alice()
    house.user(people.pool_id, "mallory")
    return people


@pytest.fixture
def people(house: World) -> People:
    return tracking(house)


def current(people: People, token: str) -> str:
    shown = people.house.idp_unsigned.list_user_sessions(AccessToken=token)["Sessions"]
    return next(str(session["SessionId"]) for session in shown if session["IsCurrentSession"])


def is_alive(people: People, tokens: dict[str, str]) -> bool:
    return outcome(people.house.idp_unsigned.get_user, AccessToken=tokens["AccessToken"]) == "in"


def test_no_id_of_anybody_else_ends_a_session(house: World, people: People) -> None:
    elsewhere = tracking(house)
    hers, theirs = people.sign_in(), elsewhere.sign_in()
    his = people.sign_in("mallory")["AccessToken"]
    ids = [
        current(people, hers["AccessToken"]),
        current(elsewhere, theirs["AccessToken"]),
        claims(hers["AccessToken"])["origin_jti"],
        claims(hers["AccessToken"])["jti"],
        current(people, hers["AccessToken"]).upper(),
        people.sub(),
    ]
    for session_id in ids:
        refused = refusal(house.idp_unsigned.revoke_user_session, AccessToken=his, SessionId=session_id)
        assert refused.name in ("ResourceNotFound", "InvalidParameter")
        by_operator = {"UserPoolId": people.pool_id, "Username": "mallory", "SessionId": session_id}
        assert refusal(house.idp.admin_revoke_user_session, **by_operator).name == refused.name
    for session_id in ids[1:]:
        by_operator = {"UserPoolId": people.pool_id, "Username": "alice", "SessionId": session_id}
        assert refusal(house.idp.admin_revoke_user_session, **by_operator).name in (
            "ResourceNotFound",
            "InvalidParameter",
        )
    assert is_alive(people, hers)
    assert is_alive(elsewhere, theirs)


def test_a_session_that_is_over_asks_for_and_ends_nothing(house: World, people: People) -> None:
    kept, gone = people.sign_in(), people.sign_in()
    session_id = current(people, gone["AccessToken"])
    house.idp_unsigned.revoke_user_session(AccessToken=kept["AccessToken"], SessionId=session_id)

    assert not is_alive(people, gone)
    assert refusal(people.refresh, gone["RefreshToken"]).name == "NotAuthorized"
    other = current(people, kept["AccessToken"])
    refused = refusal(house.idp_unsigned.revoke_user_session, AccessToken=gone["AccessToken"], SessionId=other)
    assert refused.name == "NotAuthorized"
    assert refusal(house.idp_unsigned.list_user_sessions, AccessToken=gone["AccessToken"]).name == "NotAuthorized"
    assert (
        refusal(house.idp_unsigned.revoke_user_session, AccessToken=kept["AccessToken"], SessionId=session_id)
        == UNKNOWN
    )
    assert is_alive(people, kept)


def test_an_evicted_session_dies_with_its_tokens_and_is_not_continued(house: World, people: People) -> None:
    house.idp.set_user_pool_session_configuration(
        UserPoolId=people.pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 1}
    )
    first = people.sign_in()
    house.clock.advance(seconds=1)
    second = people.sign_in()

    assert (is_alive(people, first), is_alive(people, second)) == (False, True)
    assert refusal(people.refresh, first["RefreshToken"]).name == "NotAuthorized"


def test_signing_in_as_somebody_else_evicts_nobody(house: World, people: People) -> None:
    house.idp.set_user_pool_session_configuration(
        UserPoolId=people.pool_id, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 1}
    )
    hers = people.sign_in()
    for _ in range(3):
        people.sign_in("mallory")

    assert is_alive(people, hers)


def test_what_is_told_of_a_session_opens_nothing(house: World, people: People) -> None:
    """The public id is neither a token nor the id within tokens."""
    tokens = people.sign_in()
    shown = current(people, tokens["AccessToken"])

    assert shown not in (claims(tokens["AccessToken"])["origin_jti"], claims(tokens["AccessToken"])["event_id"])
    assert outcome(house.idp_unsigned.get_user, AccessToken=shown) == "NotAuthorized"
    assert outcome(people.refresh, shown) == "NotAuthorized"
