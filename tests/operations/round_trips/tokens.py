"""Tokens: refreshed, revoked, of machines, and derived from each other."""

from typing import Any

from tests.machines import API, READ, WRITE, add_api, machine, token_of
from tests.oauth import App
from tests.operations.idp.test_sessions import is_signed_in, track
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.confidential import Confidential
from tests.operations.round_trips.making import LEFT_OUT, Turns
from tests.remembered import Gadget
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

DEVICES = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
ADMIN = "aws.cognito.signin.user.admin"
NO_ISSUER = "no identity provider signs anybody in yet"


@story("GetTokensFromRefreshToken")
def refreshed_tokens(asker: Asker) -> None:
    app = Confidential(
        asker.house,
        pool={"DeviceConfiguration": DEVICES},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )
    asker.house.user(app.pool_id, "alice")
    tokens = app.sign_in("alice", PASSWORD)
    gadget = Gadget(tokens["NewDeviceMetadata"])
    asker.house.idp_unsigned.confirm_device(
        AccessToken=tokens["AccessToken"], DeviceKey=gadget.key, DeviceSecretVerifierConfig=gadget.config
    )
    given = {"ClientId": app.client_id, "ClientSecret": app.secret, "DeviceKey": gadget.key}
    refreshing = {**given, "RefreshToken": tokens["RefreshToken"]}

    for wrong in ({"ClientSecret": "w" * 51}, {"DeviceKey": LEFT_OUT}):
        refused = refusal(asker.ask_all, "GetTokensFromRefreshToken", {**refreshing, **wrong}, unsigned=True)
        assert refused.name == "NotAuthorized"
    asker.house.clock.advance(seconds=60)
    _, told = asker.ask_all("GetTokensFromRefreshToken", refreshing, unsigned=True)
    result, said = told["AuthenticationResult"], claims(told["AuthenticationResult"]["AccessToken"])
    before = claims(tokens["AccessToken"])
    assert (result["ExpiresIn"], said["iat"]) == (3600, before["iat"] + 60)
    assert {name: said[name] for name in ("sub", "origin_jti", "auth_time", "device_key")} == {
        name: before[name] for name in ("sub", "origin_jti", "auth_time", "device_key")
    }
    assert result["RefreshToken"] != tokens["RefreshToken"]
    _, told = asker.ask_all(
        "GetTokensFromRefreshToken", {**given, "RefreshToken": result["RefreshToken"]}, unsigned=True
    )
    assert told["AuthenticationResult"]["AccessToken"]
    reused = refusal(asker.ask_all, "GetTokensFromRefreshToken", refreshing, unsigned=True)
    assert reused.name == "RefreshTokenReuse"


@story("RevokeToken")
def revoked_tokens(asker: Asker) -> None:
    people = People(asker.house)
    people.alice()
    app = App(asker.house, people.pool_id, GenerateSecret=True)
    cookie = app.browser()
    other = App(asker.house, people.pool_id)
    others = other.redeem(other.code(cookie))[1]

    for linked, tracking in (("NONE", "ENABLED"), ("LINKED", "DISABLED"), ("LINKED", "ENABLED")):
        track(people, state=tracking)
        told = app.redeem(app.code(cookie))[1]
        given = {
            "Token": told["refresh_token"],
            "ClientId": app.client_id,
            "ClientSecret": app.secret,
            "RevokeAssociatedSessions": linked,
        }
        wrong = refusal(asker.ask_all, "RevokeToken", {**given, "ClientSecret": "w" * 51}, unsigned=True)
        assert wrong.name == "Unauthorized"
        asker.ask_all("RevokeToken", given, unsigned=True)
        asker.ask_all("RevokeToken", given, unsigned=True)
        status, refused = app.token(grant_type="refresh_token", refresh_token=told["refresh_token"])
        assert (status, refused["error"]) == (400, "invalid_grant")
        assert is_signed_in(app, cookie) is ((linked, tracking) != ("LINKED", "ENABLED"))
        assert other.token(grant_type="refresh_token", refresh_token=others["refresh_token"])[0] == 200


@story("GlobalSignOut")
def sign_outs_everywhere(asker: Asker) -> None:
    people = People(asker.house)
    people.alice()
    here, elsewhere = people.sign_in(), people.sign_in()

    asker.ask_all("GlobalSignOut", {"AccessToken": here["AccessToken"]}, unsigned=True)

    for tokens in (here, elsewhere):
        seen = refusal(asker.house.idp_unsigned.get_user, AccessToken=tokens["AccessToken"])
        assert seen == ("NotAuthorized", "Access Token has been revoked")
        assert refusal(people.refresh, tokens["RefreshToken"]).name == "NotAuthorized"
    assert people.sign_in()["AccessToken"]


@story("GetClientToken")
def tokens_of_machines(asker: Asker) -> None:
    pool_id = asker.house.pool()
    add_api(asker.house, pool_id)
    robot = machine(asker.house, pool_id, READ, WRITE, ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"])
    examples = {"ClientId": robot.client_id, "Secret": robot.secret, "Scopes": Turns(([READ], [WRITE, READ]))}

    for turn in range(2):
        asked, told = asker.ask_all("GetClientToken", examples, turn=turn, unsigned=True)
        result = told["ClientAuthenticationResult"]
        said = claims(result["AccessToken"])
        assert (said["sub"], said["client_id"]) == (robot.client_id, robot.client_id)
        assert said["scope"].split() == asked["Scopes"]
        assert (result["ExpiresIn"], said["exp"] - said["iat"]) == (3600, 3600)


@story(
    "GetDerivedToken",
    unsendable={
        "GetDerivedToken.SubjectTokenProviderName": NO_ISSUER,
        "GetDerivedToken.ActorTokenProviderName": NO_ISSUER,
    },
)
def derived_tokens(asker: Asker) -> None:
    pool_id = asker.house.pool()
    add_api(asker.house, pool_id)
    asker.house.user(pool_id, email="alice@example.com")
    web = App(asker.house, pool_id, AllowedOAuthScopes=["openid", "email", ADMIN, READ, WRITE])
    tokens = web.redeem(web.code(web.browser(), scope=f"openid email {READ} {WRITE}"))[1]
    robot = machine(asker.house, pool_id, READ)
    flows = ["ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION"]
    scopes = ["openid", "email", READ]
    service = asker.house.app(pool_id, GenerateSecret=True, ExplicitAuthFlows=flows, AllowedOAuthScopes=scopes)
    examples: dict[str, Any] = {
        "ClientId": service["ClientId"],
        "ClientSecret": service["ClientSecret"],
        "SubjectToken": tokens["access_token"],
        "SubjectTokenType": "ACCESS_TOKEN",
        "SubjectTokenProviderName": LEFT_OUT,
        "ActorToken": token_of(robot)["access_token"],
        "ActorTokenType": "ACCESS_TOKEN",
        "ActorTokenProviderName": LEFT_OUT,
        "RequestedTokenType": "ACCESS_TOKEN",
        "Scopes": [READ],
        "Resources": Turns(([API], LEFT_OUT)),
        "Audiences": Turns((LEFT_OUT, [web.client_id])),
    }

    for turn, audience in enumerate((API, web.client_id)):
        asked, told = asker.ask_all("GetDerivedToken", examples, turn=turn, unsigned=True)
        said = claims(told["IssuedToken"])
        assert (told["IssuedTokenType"], told["TokenType"], told["ExpiresIn"]) == ("ACCESS_TOKEN", "Bearer", 3600)
        assert (told["Scopes"], said["scope"]) == (asked["Scopes"], READ)
        assert (said["aud"], said["client_id"]) == (audience, service["ClientId"])
        assert said["sub"] == claims(tokens["access_token"])["sub"]
        assert said["act"]["sub"] == robot.client_id

    alone = dict.fromkeys(("ActorToken", "ActorTokenType", "Resources", "Audiences"), LEFT_OUT)
    as_id = {**examples, **alone, "RequestedTokenType": "ID_TOKEN", "Scopes": ["openid", "email"]}
    _, told = asker.ask_all("GetDerivedToken", as_id, unsigned=True)
    said = claims(told["IssuedToken"])
    assert (told["IssuedTokenType"], told["TokenType"]) == ("ID_TOKEN", "N_A")
    assert (said["aud"], said["email"]) == (service["ClientId"], "alice@example.com")
    assert "act" not in said
