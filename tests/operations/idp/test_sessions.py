"""Session tracking: what users see of their sessions, ending one of them, and the cap that ends the least active."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.authenticators import App
from tests.oauth import App as OAuthApp
from tests.sign_ins import People, claims, refusal

from lido.flows import access
from lido.storage import sessions as stored


@pytest.fixture
def people(house):
    found = People(house)
    found.alice()
    return found


@pytest.fixture
def tracked(people):
    track(people)
    return people


def track(people, most=20, state="ENABLED"):
    return people.house.idp.set_user_pool_session_configuration(
        UserPoolId=people.pool_id, UserSessionTracking=state, TokenSession={"MaxPerUser": most}
    )


def own(people, tokens, **more):
    return people.house.idp_unsigned.list_user_sessions(AccessToken=tokens["AccessToken"], **more)["Sessions"]


def shown(people, username="alice"):
    return people.house.idp.admin_list_user_sessions(UserPoolId=people.pool_id, Username=username)["Sessions"]


def current(people, tokens):
    return next(session["SessionId"] for session in own(people, tokens) if session["IsCurrentSession"])


def body(response):
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


def test_a_pool_that_was_never_set_tracks_nothing(house, idp, people):
    assert body(idp.get_user_pool_session_configuration(UserPoolId=people.pool_id)) == {
        "UserPoolId": people.pool_id,
        "UserSessionTracking": "DISABLED",
        "TokenSession": {"MaxPerUser": 20},
    }


def test_what_is_set_comes_back(house, idp, people):
    wanted = {
        "UserPoolId": people.pool_id,
        "UserSessionTracking": "ENABLED",
        "TokenSession": {"MaxPerUser": 7},
    }

    assert body(track(people, 7)) == wanted
    idp.update_user_pool(UserPoolId=people.pool_id)
    assert body(idp.get_user_pool_session_configuration(UserPoolId=people.pool_id)) == wanted


@pytest.mark.parametrize("most", [0, 101])
def test_a_cap_outside_of_its_range_is_refused(people, most):
    assert refusal(track, people, most).name == "InvalidParameter"


def test_a_client_has_an_hour_until_it_is_set(house, idp, tracked):
    names = {"UserPoolId": tracked.pool_id, "ClientId": tracked.client_id}

    assert body(idp.get_user_pool_client_session_configuration(**names)) == {
        **names,
        "SSOSession": {"MaxValidityMinutes": 60},
    }
    wanted = {**names, "SSOSession": {"MaxValidityMinutes": 0}}
    assert body(idp.set_user_pool_client_session_configuration(**wanted)) == wanted
    idp.update_user_pool_client(**names, ClientName="other")
    track(tracked, state="DISABLED")
    assert body(idp.get_user_pool_client_session_configuration(**names)) == wanted


def test_a_client_is_set_only_while_its_pool_tracks(idp, people):
    refused = refusal(
        idp.set_user_pool_client_session_configuration,
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        SSOSession={"MaxValidityMinutes": 5},
    )

    assert refused.name == "InvalidParameter"


def test_unknown_pools_and_clients_do_not_exist(idp, tracked):
    unknown = {"UserPoolId": "us-east-1_a"}
    gone = {"UserPoolId": tracked.pool_id, "ClientId": "gone"}
    config = {"SSOSession": {"MaxValidityMinutes": 5}}

    assert refusal(idp.get_user_pool_session_configuration, **unknown).name == "ResourceNotFound"
    assert refusal(idp.admin_list_user_sessions, **unknown, Username="alice").name == "ResourceNotFound"
    assert refusal(idp.get_user_pool_client_session_configuration, **gone).name == "ResourceNotFound"
    assert refusal(idp.set_user_pool_client_session_configuration, **gone, **config).name == "ResourceNotFound"


def test_a_sign_in_is_shown_with_its_client_place_and_time(house, tracked):
    now = house.clock.now()
    tokens = tracked.sign_in()
    (session,) = own(tracked, tokens)

    assert re.fullmatch(r"tkn[a-z0-9]{25}", session["SessionId"])
    assert (session["SessionType"], session["ClientId"]) == ("TOKEN", tracked.client_id)
    assert session["CreateDate"].timestamp() * 1000 == pytest.approx(now, abs=1000)
    assert session["LastActiveDate"] == session["CreateDate"]
    assert session["LastIPAddress"] == "203.0.113.7"
    assert "Boto" in session["DeviceType"]
    assert session["LastLocation"] == {"Country": "unknown"}
    assert session["IsCurrentSession"] is True
    assert "OriginSessionId" not in session


def test_sessions_of_all_clients_are_shown_newest_first_and_one_is_the_callers(house, tracked):
    first = tracked.sign_in()
    house.clock.advance(seconds=1)
    tracked.client_id = house.app(tracked.pool_id)["ClientId"]
    tracked.sign_in()

    assert [session["IsCurrentSession"] for session in own(tracked, first)] == [False, True]
    assert len({session["ClientId"] for session in own(tracked, first)}) == 2
    assert [session["IsCurrentSession"] for session in shown(tracked)] == [False, False]


def test_without_tracking_nothing_is_shown_and_nothing_can_be_ended(house, people):
    tokens = people.sign_in()

    assert own(people, tokens) == shown(people) == []
    track(people)
    assert own(people, tokens) == []
    people.sign_in()
    (session,) = shown(people)
    track(people, state="DISABLED")
    assert shown(people) == []
    refused = refusal(
        house.idp.admin_revoke_user_session,
        UserPoolId=people.pool_id,
        Username="alice",
        SessionId=session["SessionId"],
    )
    assert refused.name == "ResourceNotFound"


def test_what_is_over_is_not_shown(house, tracked):
    tokens = tracked.sign_in()
    tracked.house.idp_unsigned.revoke_token(Token=tokens["RefreshToken"], ClientId=tracked.client_id)
    tracked.sign_in()
    house.idp.admin_user_global_sign_out(UserPoolId=tracked.pool_id, Username="alice")
    assert shown(tracked) == []
    tracked.sign_in()
    house.clock.advance(seconds=31 * 86_400)
    assert shown(tracked) == []


def test_sessions_of_a_deleted_client_are_not_shown(house, tracked):
    tracked.sign_in()
    house.idp.delete_user_pool_client(UserPoolId=tracked.pool_id, ClientId=tracked.client_id)
    assert shown(tracked) == []


def test_a_refresh_tells_when_and_whence_it_came(house, tracked):
    tokens = tracked.sign_in()
    house.clock.advance(seconds=30)
    tracked.refresh(tokens["RefreshToken"])
    (session,) = shown(tracked)
    assert session["LastActiveDate"] == session["CreateDate"]

    house.clock.advance(seconds=40)
    house.idp_unsigned = house.boto(None, None)
    house.idp_unsigned.meta.events.register_first("before-send.*", _from_a_phone)
    tracked.refresh(tokens["RefreshToken"])
    (session,) = shown(tracked)
    assert (session["LastActiveDate"] - session["CreateDate"]).seconds == 70
    assert session["DeviceType"] == "Safari on iOS"


def _from_a_phone(request, **_):
    request.headers["User-Agent"] = "Mozilla/5.0 (iPhone; like Mac OS X) Version/17.5 Safari/604.1"


def test_a_rotation_keeps_the_session_and_makes_it_active(house):
    people = People(
        house,
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
    )
    people.alice()
    track(people)
    tokens = people.sign_in()
    (before,) = shown(people)
    house.clock.advance(seconds=90)
    people.rotate(tokens["RefreshToken"])

    (after,) = shown(people)
    assert after["SessionId"] == before["SessionId"]
    assert (after["LastActiveDate"] - before["LastActiveDate"]).seconds == 90


def test_another_session_of_ones_own_can_be_ended(house, tracked):
    lost = tracked.sign_in()
    here = tracked.sign_in()
    house.idp_unsigned.revoke_user_session(AccessToken=here["AccessToken"], SessionId=current(tracked, lost))

    assert [session["IsCurrentSession"] for session in own(tracked, here)] == [True]
    assert refusal(tracked.refresh, lost["RefreshToken"]) == ("NotAuthorized", "Refresh Token has been revoked")
    assert refusal(own, tracked, lost) == ("NotAuthorized", "Access Token has been revoked")
    assert tracked.refresh(here["RefreshToken"])
    assert tracked.events()[-1] == "session_revoked"


def test_the_session_that_asks_cannot_be_ended(house, tracked):
    tokens = tracked.sign_in()
    refused = refusal(
        house.idp_unsigned.revoke_user_session,
        AccessToken=tokens["AccessToken"],
        SessionId=current(tracked, tokens),
        RevokeAssociatedSessions="LINKED",
    )

    assert refused.name == "InvalidParameter"
    assert tracked.refresh(tokens["RefreshToken"])


def test_sessions_of_others_and_unknown_ones_do_not_exist(house, tracked):
    tokens = tracked.sign_in()
    house.user(tracked.pool_id, "bob")
    his = tracked.sign_in("bob")
    his_id = current(tracked, his)
    revoke = house.idp_unsigned.revoke_user_session

    for session_id in (his_id, "tkn" + "0" * 25, "sso" + "0" * 25):
        refused = refusal(revoke, AccessToken=tokens["AccessToken"], SessionId=session_id)
        assert refused.name == "ResourceNotFound"
    names = {"UserPoolId": tracked.pool_id, "Username": "alice", "SessionId": his_id}
    assert refusal(house.idp.admin_revoke_user_session, **names).name == "ResourceNotFound"
    assert tracked.refresh(his["RefreshToken"])


def test_an_operator_ends_any_session_of_a_user_once(house, tracked):
    tokens = tracked.sign_in()
    names = {"UserPoolId": tracked.pool_id, "Username": "alice", "SessionId": current(tracked, tokens)}

    assert body(house.idp.admin_revoke_user_session(**names)) == {}
    assert refusal(tracked.refresh, tokens["RefreshToken"]).name == "NotAuthorized"
    assert refusal(house.idp.admin_revoke_user_session, **names).name == "ResourceNotFound"
    assert refusal(house.idp.admin_revoke_user_session, **{**names, "Username": "nobody"}).name == "UserNotFound"


def test_one_sign_in_too_many_ends_the_least_recently_active(house, tracked):
    track(tracked, 2)
    old = tracked.sign_in()
    house.clock.advance(seconds=100)
    newer = tracked.sign_in()
    house.clock.advance(seconds=100)
    tracked.refresh(old["RefreshToken"])
    house.clock.advance(seconds=100)
    newest = tracked.sign_in()

    assert len(shown(tracked)) == 2
    assert refusal(tracked.refresh, newer["RefreshToken"]).sentence == "Refresh Token has been revoked"
    assert tracked.refresh(old["RefreshToken"])
    assert tracked.refresh(newest["RefreshToken"])
    assert tracked.events().count("session_revoked") == 1


def test_a_lower_cap_ends_nothing_until_the_next_sign_in(house, tracked):
    for _ in range(4):
        tracked.sign_in()
        house.clock.advance(seconds=1)
    track(tracked, 1)
    assert len(shown(tracked)) == 4
    tokens = tracked.sign_in()
    assert [session["IsCurrentSession"] for session in own(tracked, tokens)] == [True]


def test_sign_ins_at_the_same_time_do_not_overlook_each_other(house, tracked):
    track(tracked, 2)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: tracked.sign_in(), range(6)))

    assert len(shown(tracked)) == 2


def test_a_new_password_signs_in_where_sessions_are_tracked(house, tracked):
    house.user(tracked.pool_id, "carol", confirmed=False)
    asked = tracked.initiate(USERNAME="carol", PASSWORD="Passw0rd!")
    answers = {"USERNAME": "carol", "NEW_PASSWORD": "N3w-password", "userAttributes.name": "Carol"}
    tracked.respond("NEW_PASSWORD_REQUIRED", asked["Session"], **answers)

    assert len(shown(tracked, "carol")) == 1


def test_a_long_list_comes_in_pages_of_125(house, tracked):
    tokens = tracked.sign_in()
    add_copies(house, tracked, claims(tokens["AccessToken"])["origin_jti"], 130)
    first = house.idp_unsigned.list_user_sessions(AccessToken=tokens["AccessToken"])
    second = house.idp_unsigned.list_user_sessions(AccessToken=tokens["AccessToken"], NextToken=first["NextToken"])

    ids = [session["SessionId"] for session in (*first["Sessions"], *second["Sessions"])]
    assert (len(first["Sessions"]), len(set(ids)), "NextToken" in second) == (125, 131, False)
    house.user(tracked.pool_id, "bob")
    foreign = refusal(own, tracked, tracked.sign_in("bob"), NextToken=first["NextToken"])
    assert foreign.name == "InvalidParameter"


def add_copies(house, people, session_id, count):
    call = house.call(root=True)
    with call.db.write() as tx:
        user = access.require_user(tx, access.require_pool(call, tx, people.pool_id), "alice")
        columns = stored._COLUMNS.replace(" id,", "").replace(" public_id,", "")
        for number in range(count):
            tx.run(
                f"""INSERT INTO sessions (id, public_id, {columns}) SELECT :id, :public_id, {columns} FROM sessions
                    WHERE pool_id = :pool_id AND sub = :sub AND id = :origin""",
                id=f"copy-{number}",
                public_id=f"tkn{number:025}",
                pool_id=people.pool_id,
                sub=user.sub,
                origin=session_id,
            )


def test_tokens_are_the_same_with_and_without_tracking(house, people):
    before = claims(people.sign_in()["AccessToken"])
    track(people)
    assert claims(people.sign_in()["AccessToken"]).keys() == before.keys()


def test_tokens_tell_how_somebody_signed_in_where_levels_have_names(house):
    people = People(house, pool={"AcrConfiguration": {"Level4": {"AcrValue": "gold"}}})
    people.alice()
    tokens = people.sign_in()
    for token in (tokens["AccessToken"], tokens["IdToken"]):
        assert (claims(token)["amr"], claims(token)["acr"]) == (["pwd"], "urn:cognito:loa:1")

    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    access_token = tokens["AccessToken"]
    secret = house.idp_unsigned.associate_software_token(AccessToken=access_token)["SecretCode"]
    app = App(house, secret)
    house.idp_unsigned.verify_software_token(AccessToken=access_token, UserCode=app.code())
    house.idp_unsigned.set_user_mfa_preference(AccessToken=access_token, SoftwareTokenMfaSettings={"Enabled": True})
    house.clock.advance(seconds=30)
    asked = people.initiate(USERNAME="alice", PASSWORD="Passw0rd!")
    answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": app.code()}
    tokens = people.respond("SOFTWARE_TOKEN_MFA", asked["Session"], **answers)["AuthenticationResult"]
    told = claims(tokens["AccessToken"])
    assert (told["amr"], told["acr"]) == (["pwd", "otp", "mfa"], "gold")

    house.clock.advance(seconds=100)
    again = claims(people.refresh(tokens["RefreshToken"])["AccessToken"])
    assert (again["amr"], again["acr"], again["auth_time"]) == (told["amr"], "gold", told["auth_time"])


@pytest.mark.parametrize(("profile", "is_told"), [("compatible", False), ("secure", True)])
def test_the_profile_decides_where_they_have_none(house, profile, is_told):
    people = People(house, pool={"UserPoolTags": {"lido:profile": profile}})
    people.alice()
    told = claims(people.sign_in()["AccessToken"])
    assert ("amr" in told, "acr" in told) == (is_told, is_told)


GONE = ("ResourceNotFound", "Session does not exist.")


def signed_in_at_the_pages(people):
    """An app of the pool, a browser that is signed in there, and the tokens that came of it."""
    app = OAuthApp(people.house, people.pool_id, AllowedOAuthScopes=["openid", "aws.cognito.signin.user.admin"])
    cookie = app.browser()
    return app, cookie, app.redeem(app.code(cookie))[1]


def by_type(sessions):
    return {session["SessionType"]: session for session in sessions}


def is_signed_in(app, cookie):
    return "code" in app.authorize(cookie, prompt="none")[1]


def refreshes(app, told):
    return app.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 200


def test_sign_ins_of_browsers_are_listed_beside_the_token_sessions_that_came_through_them(tracked):
    app, _, told = signed_in_at_the_pages(tracked)

    found = by_type(own(tracked, {"AccessToken": told["access_token"]}))

    assert re.fullmatch("sso[a-z0-9]{25}", found["SSO"]["SessionId"])
    assert found["TOKEN"]["OriginSessionId"] == found["SSO"]["SessionId"]
    assert (found["TOKEN"]["ClientId"], found["TOKEN"]["IsCurrentSession"]) == (app.client_id, True)
    assert ("ClientId" in found["SSO"], "OriginSessionId" in found["SSO"]) == (False, False)
    assert not found["SSO"]["IsCurrentSession"]


def test_a_browser_was_active_when_it_was_last_used(tracked):
    app, cookie, _ = signed_in_at_the_pages(tracked)
    before = by_type(shown(tracked))["SSO"]
    tracked.house.clock.advance(seconds=61)
    app.code(cookie)

    after = by_type(shown(tracked))["SSO"]

    assert after["CreateDate"] == before["CreateDate"]
    assert (after["LastActiveDate"] - before["LastActiveDate"]).total_seconds() == 61


@pytest.mark.parametrize("linked", [False, True])
def test_a_browser_is_signed_out_by_its_id_and_its_token_sessions_if_asked(tracked, linked):
    app, cookie, told = signed_in_at_the_pages(tracked)
    public_id = by_type(shown(tracked))["SSO"]["SessionId"]
    more = {"RevokeAssociatedSessions": "LINKED"} if linked else {}

    revoke(tracked, public_id, **more)

    assert not is_signed_in(app, cookie)
    assert refreshes(app, told) is not linked
    assert refusal(revoke, tracked, public_id) == GONE


@pytest.mark.parametrize("linked", [False, True])
def test_a_token_session_takes_the_browser_along_if_asked(tracked, linked):
    app, cookie, told = signed_in_at_the_pages(tracked)
    more = {"RevokeAssociatedSessions": "LINKED"} if linked else {}

    revoke(tracked, by_type(shown(tracked))["TOKEN"]["SessionId"], **more)

    assert not refreshes(app, told)
    assert is_signed_in(app, cookie) is not linked


def test_nobody_ends_the_session_that_asks_by_the_browser_that_it_came_through(tracked):
    app, cookie, told = signed_in_at_the_pages(tracked)
    public_id = by_type(shown(tracked))["SSO"]["SessionId"]
    asking = {"AccessToken": told["access_token"], "SessionId": public_id}

    linked = refusal(tracked.house.idp_unsigned.revoke_user_session, **asking, RevokeAssociatedSessions="LINKED")
    assert linked == ("InvalidParameter", "The current session cannot be revoked; sign out instead.")
    assert is_signed_in(app, cookie)
    tracked.house.idp_unsigned.revoke_user_session(**asking)
    assert not is_signed_in(app, cookie)


def test_browsers_of_others_are_nobodys_to_end(tracked):
    app, cookie, _ = signed_in_at_the_pages(tracked)
    public_id = by_type(shown(tracked))["SSO"]["SessionId"]
    tracked.house.user(tracked.pool_id, "mallory")
    told = app.redeem(app.code(app.browser("mallory")))[1]

    asking = {"AccessToken": told["access_token"], "SessionId": public_id}
    assert refusal(tracked.house.idp_unsigned.revoke_user_session, **asking) == GONE
    assert is_signed_in(app, cookie)


def revoke(people, session_id, **more):
    who = {"UserPoolId": people.pool_id, "Username": "alice"}
    people.house.idp.admin_revoke_user_session(**who, SessionId=session_id, **more)
