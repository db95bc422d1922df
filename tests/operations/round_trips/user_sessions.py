"""Sessions of people where their pool tracks them: listed, and ended one by one."""

from typing import Any

import pytest
from tests.operations.idp.test_sessions import add_copies, is_signed_in, refreshes, signed_in_at_the_pages, track
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import LEFT_OUT
from tests.sign_ins import People, claims, refusal

PAGE = 125


@story("ListUserSessions", "RevokeUserSession")
def own_sessions(asker: Asker) -> None:
    people, examples = tracked(asker)
    app, cookie, told = signed_in_at_the_pages(people)
    shown = sessions(asker, "ListUserSessions", examples, unsigned=True)
    assert shown["TOKEN", app.client_id]["OriginSessionId"] == shown["SSO", None]["SessionId"]
    for (kind, client_id), session in shown.items():
        assert session["IsCurrentSession"] is (kind == "TOKEN" and client_id == people.client_id)
        assert session["LastIPAddress"] == "203.0.113.7"
        assert session["CreateDate"].timestamp() * 1000 == pytest.approx(asker.house.clock.now(), abs=1000)

    end(asker, "RevokeUserSession", examples, shown["TOKEN", app.client_id], "NONE")
    assert (refreshes(app, told), is_signed_in(app, cookie)) == (False, True)
    told = app.redeem(app.code(cookie))[1]
    shown = sessions(asker, "ListUserSessions", examples, unsigned=True)
    end(asker, "RevokeUserSession", examples, shown["TOKEN", app.client_id], "LINKED")
    assert (refreshes(app, told), is_signed_in(app, cookie)) == (False, False)
    assert set(sessions(asker, "ListUserSessions", examples, unsigned=True)) == {("TOKEN", people.client_id)}
    assert paged(asker, people, "ListUserSessions", examples, unsigned=True) == PAGE + 5


@story("AdminListUserSessions", "AdminRevokeUserSession")
def sessions_of_others(asker: Asker) -> None:
    people, examples = tracked(asker)
    app, cookie, told = signed_in_at_the_pages(people)
    shown = sessions(asker, "AdminListUserSessions", examples)
    assert set(shown) == {("TOKEN", people.client_id), ("TOKEN", app.client_id), ("SSO", None)}
    assert not any(session["IsCurrentSession"] for session in shown.values())

    end(asker, "AdminRevokeUserSession", examples, shown["SSO", None], "NONE")
    assert (refreshes(app, told), is_signed_in(app, cookie)) == (True, False)
    app, cookie, told = signed_in_at_the_pages(people)
    shown = sessions(asker, "AdminListUserSessions", examples)
    end(asker, "AdminRevokeUserSession", examples, shown["SSO", None], "LINKED")
    assert (refreshes(app, told), is_signed_in(app, cookie)) == (False, False)
    assert paged(asker, people, "AdminListUserSessions", examples) > PAGE


def tracked(asker: Asker) -> tuple[People, dict[str, Any]]:
    """Alice, signed in where sessions are tracked, and what her requests say."""
    people = People(asker.house)
    people.alice()
    track(people)
    token = people.sign_in()["AccessToken"]
    return people, {"UserPoolId": people.pool_id, "Username": "alice", "AccessToken": token}


def sessions(
    asker: Asker, operation: str, examples: dict[str, Any], **how: bool
) -> dict[tuple[str, str | None], dict[str, Any]]:
    """What is listed, by type and client."""
    found = asker.ask_all(operation, {**examples, "NextToken": LEFT_OUT}, **how)[1]["Sessions"]
    return {(session["SessionType"], session.get("ClientId")): session for session in found}


def end(asker: Asker, operation: str, examples: dict[str, Any], session: dict[str, Any], linked: str) -> None:
    """End that session, with what belongs to it if `linked` says so; it can be ended once."""
    given = {**examples, "SessionId": session["SessionId"], "RevokeAssociatedSessions": linked}
    unsigned = not operation.startswith("Admin")
    asker.ask_all(operation, given, unsigned=unsigned)
    assert refusal(asker.ask_all, operation, given, unsigned=unsigned).name == "ResourceNotFound"


def paged(asker: Asker, people: People, operation: str, examples: dict[str, Any], **how: bool) -> int:
    """How many different sessions two pages have, when there are some more than one page holds."""
    add_copies(asker.house, people, claims(examples["AccessToken"])["origin_jti"], PAGE + 4)
    first = asker.ask_all(operation, {**examples, "NextToken": LEFT_OUT}, **how)[1]
    second = asker.ask_all(operation, {**examples, "NextToken": first["NextToken"]}, **how)[1]
    assert (len(first["Sessions"]), "NextToken" in second) == (PAGE, False)
    return len({session["SessionId"] for session in first["Sessions"] + second["Sessions"]})
