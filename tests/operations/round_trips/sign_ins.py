"""Signing in: by people and for them, straight from a sign-up and past a challenge."""

from typing import Any

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import ADDRESS, Confidential
from tests.sign_ins import claims, refusal
from tests.world import PASSWORD

EMAIL = "alice@example.com"
TEMPORARY = "Temp0rary-password"
HEADERS = [{"headerName": "User-Agent", "headerValue": "Mozilla/5.0 (X11; Linux x86_64) Firefox/126.0"}]


@story("InitiateAuth", "RespondToAuthChallenge")
def sign_ins(asker: Asker) -> None:
    enter(asker, "InitiateAuth", "RespondToAuthChallenge", unsigned=True)


@story("AdminInitiateAuth", "AdminRespondToAuthChallenge")
def sign_ins_by_operators(asker: Asker) -> None:
    enter(asker, "AdminInitiateAuth", "AdminRespondToAuthChallenge", unsigned=False)


def enter(asker: Asker, initiate: str, respond: str, *, unsigned: bool) -> None:
    """Alice comes from her sign-up, Bob with a temporary password that he has to change."""
    add_ons = {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
    app = Confidential(asker.house, pool=add_ons, EnablePropagateAdditionalUserContextData=True)
    session = signed_up(app)
    given = {"USERNAME": "alice", "SECRET_HASH": app.hashed("alice")}
    beginning = examples(app, AuthFlow="USER_AUTH", AuthParameters=given, Session=session)
    _, told = asker.ask_all(initiate, beginning, unsigned=unsigned)
    expect(told, "alice")
    assert seen(app, "alice") == ("Pass", ADDRESS)
    assert refusal(asker.ask_all, initiate, beginning, unsigned=unsigned).name == "NotAuthorized"

    asker.house.user(app.pool_id, "bob", TEMPORARY, confirmed=False)
    named = {"USERNAME": "bob", "SECRET_HASH": app.hashed("bob")}
    flow = "USER_PASSWORD_AUTH" if unsigned else "ADMIN_USER_PASSWORD_AUTH"
    begun = asker.ask(
        initiate,
        **({} if unsigned else {"UserPoolId": app.pool_id}),
        AuthFlow=flow,
        ClientId=app.client_id,
        AuthParameters={**named, "PASSWORD": TEMPORARY},
        unsigned=unsigned,
    )
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answers = {**named, "NEW_PASSWORD": PASSWORD, "userAttributes.nickname": "Bobby"}
    answering = examples(
        app, ChallengeName="NEW_PASSWORD_REQUIRED", ChallengeResponses=answers, Session=begun["Session"]
    )
    _, told = asker.ask_all(respond, answering, unsigned=unsigned)
    assert expect(told, "bob")["nickname"] == "Bobby"
    assert seen(app, "bob") == ("Pass", ADDRESS)
    assert app.shown("bob")["UserStatus"] == "CONFIRMED"
    assert app.sign_in("bob", PASSWORD)["AccessToken"]
    assert refusal(asker.ask_all, respond, answering, unsigned=unsigned).name == "NotAuthorized"


def examples(app: Confidential, **more: Any) -> dict[str, Any]:
    return {
        "UserPoolId": app.pool_id,
        "ClientId": app.client_id,
        "IpAddress": ADDRESS,
        "HttpHeaders": HEADERS,
        **more,
    }


def seen(app: Confidential, username: str) -> tuple[str, str]:
    """Outcome and address of the user's newest sign-in."""
    told = app.house.idp.admin_list_user_auth_events(UserPoolId=app.pool_id, Username=username)["AuthEvents"]
    newest = next(event for event in told if event["EventType"] == "SignIn")
    return newest["EventResponse"], newest["EventContextData"]["IpAddress"]


def signed_up(app: Confidential) -> str:
    """The session of alice, who signed up and showed the code."""
    idp, named = app.house.idp_unsigned, {"ClientId": app.client_id, "SecretHash": app.hashed("alice")}
    attributes = [{"Name": "email", "Value": EMAIL}]
    idp.sign_up(**named, Username="alice", Password=PASSWORD, UserAttributes=attributes)
    confirmed = idp.confirm_sign_up(**named, Username="alice", ConfirmationCode=app.house.code(EMAIL))
    return str(confirmed["Session"])


def expect(told: dict[str, Any], username: str) -> dict[str, Any]:
    """Tokens of that user; what the ID token says."""
    result = told["AuthenticationResult"]
    assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
    assert result["RefreshToken"]
    assert claims(result["AccessToken"])["username"] == username
    said = claims(result["IdToken"])
    assert said["cognito:username"] == username
    return said
