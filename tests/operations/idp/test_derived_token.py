"""GetDerivedToken: a user's token becomes a narrower one, for another client, audience or actor."""

import json

import pytest
from tests.machines import API, READ, WRITE, add_api, machine, token_of
from tests.oauth import App
from tests.sign_ins import claims as claims_of
from tests.triggers.conftest import ARN, answering, functions, triggered
from tests.world import FLOWS

from lido.flows import signing
from lido.rules import jwt
from lido.storage import pools

__all__ = ["functions", "triggered"]

IMPERSONATION, DELEGATION = "ALLOW_TOKEN_EXCHANGE_IMPERSONATION", "ALLOW_TOKEN_EXCHANGE_DELEGATION"
ADMIN = "aws.cognito.signin.user.admin"
SCOPES = ["openid", "email", ADMIN, READ, WRITE]


class Scene:
    """Alice at a web app, whose tokens a service exchanges."""

    def __init__(self, house, pool_id):
        self.house, self.pool_id = house, pool_id
        add_api(house, pool_id)
        house.user(pool_id, email="alice@example.com", email_verified="true")
        self.web = App(house, pool_id, AllowedOAuthScopes=SCOPES)
        self.service = self.client(IMPERSONATION, DELEGATION)

    def client(self, *flows, **arguments):
        given = {"GenerateSecret": True, "ExplicitAuthFlows": list(flows), "AllowedOAuthScopes": SCOPES, **arguments}
        return self.house.app(self.pool_id, **given)

    def tokens(self, scope="openid email " + READ, app=None):
        app = app or self.web
        status, told = app.redeem(app.code(app.browser(), scope=scope))
        assert status == 200
        return told

    def derive(self, subject, client=None, kind="ACCESS_TOKEN", boto=None, **arguments):
        client = client or self.service
        given = {"ClientId": client["ClientId"], "SubjectToken": subject, "SubjectTokenType": kind, **arguments}
        if client.get("ClientSecret") and "ClientSecret" not in given:
            given["ClientSecret"] = client["ClientSecret"]
        given = {name: value for name, value in given.items() if value is not None}
        return (boto or self.house.idp_unsigned).get_derived_token(**given)

    def refusal(self, *arguments, **named):
        with pytest.raises(self.house.idp.exceptions.ClientError) as refused:
            self.derive(*arguments, **named)
        return refused.value.response["Error"]["Code"].removesuffix("Exception")


@pytest.fixture
def scene(house):
    return Scene(house, house.pool())


def test_an_access_token_becomes_one_of_the_service(scene):
    subject = scene.tokens()["access_token"]

    told = scene.derive(subject)

    assert (told["IssuedTokenType"], told["TokenType"], told["ExpiresIn"]) == ("ACCESS_TOKEN", "Bearer", 3600)
    assert told["Scopes"] == ["openid", "email", READ]
    given, derived = claims_of(subject), claims_of(told["IssuedToken"])
    assert derived["client_id"] == scene.service["ClientId"]
    assert derived["scope"] == f"openid email {READ}"
    for same in ("sub", "username", "origin_jti", "event_id", "auth_time", "iss"):
        assert derived[same] == given[same]
    assert derived["jti"] != given["jti"]
    assert not {"act", "aud", "version"} & set(derived)


def test_scopes_are_what_is_asked_for_and_both_have(scene):
    subject = scene.tokens()["access_token"]
    narrow = scene.client(IMPERSONATION, AllowedOAuthScopes=[READ, WRITE])

    assert scene.derive(subject, Scopes=[READ])["Scopes"] == [READ]
    assert scene.derive(subject, Scopes=[READ, WRITE])["Scopes"] == [READ]
    assert scene.derive(subject, client=narrow)["Scopes"] == [READ]
    assert scene.refusal(subject, Scopes=[WRITE]) == "InvalidParameter"
    assert scene.refusal(subject, client=narrow, Scopes=["openid"]) == "InvalidParameter"
    assert scene.refusal(subject, Scopes=[ADMIN]) == "InvalidParameter"


def test_a_scope_that_was_deleted_is_derived_no_more(scene):
    subject = scene.tokens()["access_token"]
    scene.house.idp.delete_resource_server(UserPoolId=scene.pool_id, Identifier=API)

    assert scene.derive(subject)["Scopes"] == ["openid", "email"]


def test_a_derived_token_works_where_its_scopes_lead(scene):
    token = scene.derive(scene.tokens(f"openid {ADMIN}")["access_token"])["IssuedToken"]

    assert scene.house.idp_unsigned.get_user(AccessToken=token)["Username"] == "alice"
    narrow = scene.derive(token, Scopes=["openid"])["IssuedToken"]
    with pytest.raises(scene.house.idp.exceptions.NotAuthorizedException):
        scene.house.idp_unsigned.get_user(AccessToken=narrow)


def test_a_derived_token_never_outlives_what_it_is_made_of(scene):
    subject = scene.tokens()["access_token"]
    scene.house.clock.advance(seconds=3000)

    told = scene.derive(subject)

    assert told["ExpiresIn"] == 600
    assert claims_of(told["IssuedToken"])["exp"] == claims_of(subject)["exp"]
    short = scene.client(IMPERSONATION, AccessTokenValidity=5, TokenValidityUnits={"AccessToken": "minutes"})
    assert scene.derive(subject, client=short)["ExpiresIn"] == 300


def test_an_actor_stands_in_the_token(scene):
    subject = scene.tokens()["access_token"]
    robot = machine(scene.house, scene.pool_id, READ)
    actor = {"ActorToken": token_of(robot)["access_token"], "ActorTokenType": "ACCESS_TOKEN"}

    token = scene.derive(subject, **actor)["IssuedToken"]

    first = {"sub": robot.client_id, "client_id": robot.client_id}
    assert claims_of(token)["act"] == first
    scene.house.user(scene.pool_id, "bob")
    bob = scene.web.redeem(scene.web.code(scene.web.browser("bob")))[1]["id_token"]
    again = scene.derive(token, ActorToken=bob, ActorTokenType="ID_TOKEN")["IssuedToken"]
    assert claims_of(again)["act"] == {
        "sub": claims_of(bob)["sub"],
        "client_id": scene.web.client_id,
        "act": first,
    }
    assert claims_of(scene.derive(token)["IssuedToken"])["act"] == first, "nobody loses who acted before"


def test_a_chain_of_actors_ends(scene):
    token = scene.tokens()["access_token"]
    actor = {"ActorToken": token_of(machine(scene.house, scene.pool_id, READ))["access_token"]}
    for _ in range(8):
        token = scene.derive(token, **actor, ActorTokenType="ACCESS_TOKEN")["IssuedToken"]

    assert scene.refusal(token, **actor, ActorTokenType="ACCESS_TOKEN") == "InvalidParameter"


def test_each_kind_of_exchange_must_be_allowed(scene):
    subject = scene.tokens()["access_token"]
    actor = {"ActorToken": subject, "ActorTokenType": "ACCESS_TOKEN"}
    impersonating, delegating = scene.client(IMPERSONATION), scene.client(DELEGATION)
    neither = scene.client("ALLOW_REFRESH_TOKEN_AUTH")

    assert scene.derive(subject, client=impersonating)
    assert scene.derive(subject, client=delegating, **actor)
    assert scene.refusal(subject, client=impersonating, **actor) == "InvalidParameter"
    assert scene.refusal(subject, client=delegating) == "InvalidParameter"
    assert scene.refusal(subject, client=neither) == "InvalidParameter"


def test_an_audience_is_a_client_or_an_api_of_the_pool(scene):
    subject = scene.tokens()["access_token"]

    assert claims_of(scene.derive(subject, Resources=[API])["IssuedToken"])["aud"] == API
    assert (
        claims_of(scene.derive(subject, Audiences=[scene.web.client_id])["IssuedToken"])["aud"] == scene.web.client_id
    )
    assert scene.refusal(subject, Resources=["https://elsewhere.example"]) == "InvalidParameter"
    assert scene.refusal(subject, Audiences=["elsewhere"]) == "InvalidParameter"
    with pytest.raises(scene.house.idp.exceptions.InvalidParameterException, match="Only one of Audiences and Resourc"):
        scene.derive(subject, Audiences=[API], Resources=[API])


def test_an_id_token_tells_what_the_subjects_token_opens_and_is_for_the_service_alone(scene):
    tokens = scene.tokens("openid email")
    wish = {"RequestedTokenType": "ID_TOKEN"}

    for subject, kind in ((tokens["access_token"], "ACCESS_TOKEN"), (tokens["id_token"], "ID_TOKEN")):
        told = scene.derive(subject, kind=kind, **wish)
        assert (told["IssuedTokenType"], told["TokenType"]) == ("ID_TOKEN", "N_A")
        said = claims_of(told["IssuedToken"])
        assert (said["aud"], said["email"], said["token_use"]) == (scene.service["ClientId"], "alice@example.com", "id")
        assert scene.refusal(subject, kind=kind, **wish, Audiences=[scene.web.client_id]) == "InvalidParameter"
        assert scene.refusal(subject, kind=kind, **wish, Resources=[API]) == "InvalidParameter"
    assert scene.refusal(scene.tokens(READ)["access_token"], **wish) == "InvalidParameter"


def test_an_id_token_brings_no_scopes(scene):
    subject = scene.tokens()["id_token"]

    assert claims_of(scene.derive(subject, kind="ID_TOKEN")["IssuedToken"])["scope"] == ""
    assert scene.refusal(subject, kind="ID_TOKEN", Scopes=[ADMIN]) == "InvalidParameter"
    assert scene.refusal(subject, kind="ID_TOKEN", Scopes=["openid"]) == "InvalidParameter"


def test_a_token_that_lies_about_itself_is_refused(scene):
    tokens = scene.tokens()
    robot = token_of(machine(scene.house, scene.pool_id, READ))["access_token"]
    elsewhere = Scene(scene.house, scene.house.pool()).tokens()["access_token"]
    head, body, signature = tokens["access_token"].split(".")

    for subject, kind in (
        (tokens["access_token"], "ID_TOKEN"),
        (tokens["id_token"], "ACCESS_TOKEN"),
        (tokens["refresh_token"], "ACCESS_TOKEN"),
        (robot, "ACCESS_TOKEN"),
        (elsewhere, "ACCESS_TOKEN"),
        (f"{head}.{body}.{signature[::-1]}", "ACCESS_TOKEN"),
        (f"{head}.{body}.", "ACCESS_TOKEN"),
        ("eyJhbGciOiJub25lIn0." + body + ".", "ACCESS_TOKEN"),
        ("x", "ACCESS_TOKEN"),
    ):
        assert scene.refusal(subject, kind=kind) == "NotAuthorized"
        actor = {"ActorToken": subject, "ActorTokenType": kind}
        if subject != robot:
            assert scene.refusal(tokens["access_token"], **actor) == "NotAuthorized"
    scene.house.clock.advance(seconds=3600)
    assert scene.refusal(tokens["access_token"]) == "NotAuthorized"


@pytest.mark.parametrize("deed", ["disable", "sign out", "reset", "delete", "revoke", "delete the app"])
def test_nothing_is_derived_from_the_dead_and_what_was_derived_dies_too(scene, deed):
    tokens = scene.tokens(f"openid {ADMIN}")
    subject = tokens["access_token"]
    derived = scene.derive(subject)["IssuedToken"]
    idp, who = scene.house.idp, {"UserPoolId": scene.pool_id, "Username": "alice"}
    match deed:
        case "disable":
            idp.admin_disable_user(**who)
        case "sign out":
            idp.admin_user_global_sign_out(**who)
        case "reset":
            idp.admin_reset_user_password(**who)
        case "delete":
            idp.admin_delete_user(**who)
        case "revoke":
            scene.house.idp_unsigned.revoke_token(ClientId=scene.web.client_id, Token=tokens["refresh_token"])
        case _:
            idp.delete_user_pool_client(UserPoolId=scene.pool_id, ClientId=scene.web.client_id)

    assert scene.refusal(subject) == ("UserNotFound" if deed == "delete" else "NotAuthorized")
    if deed != "delete the app":
        assert scene.refusal(derived) in ("NotAuthorized", "UserNotFound")
        with pytest.raises(idp.exceptions.ClientError):
            scene.house.idp_unsigned.get_user(AccessToken=derived)
        status, _, _ = scene.house.http(
            "GET", f"http://lido.test/{scene.pool_id}/oauth2/userInfo", {"authorization": f"Bearer {derived}"}
        )
        assert status == 401


def test_a_dead_actor_acts_no_more(scene):
    subject = scene.tokens()["access_token"]
    robot = machine(scene.house, scene.pool_id, READ)
    actor = {"ActorToken": token_of(robot)["access_token"], "ActorTokenType": "ACCESS_TOKEN"}
    scene.house.idp.delete_user_pool_client(UserPoolId=scene.pool_id, ClientId=robot.client_id)

    assert scene.refusal(subject, **actor) == "NotAuthorized"


def test_tokens_without_revocation_die_by_the_last_sign_out(scene):
    web = App(scene.house, scene.pool_id, AllowedOAuthScopes=SCOPES, EnableTokenRevocation=False)
    subject = scene.tokens(app=web)["access_token"]

    assert "origin_jti" not in claims_of(scene.derive(subject)["IssuedToken"])
    scene.house.idp.admin_user_global_sign_out(UserPoolId=scene.pool_id, Username="alice")
    assert scene.refusal(subject) == "NotAuthorized"


def test_the_secret_proves_the_client_where_nobody_signs(scene):
    subject = scene.tokens()["access_token"]
    public = scene.client(IMPERSONATION, GenerateSecret=False)

    assert scene.refusal(subject, ClientSecret=None) == "NotAuthorized"
    assert scene.refusal(subject, ClientSecret="w" * 51) == "NotAuthorized"
    assert scene.refusal(subject, client={"ClientId": "unknown"}) == "NotAuthorized"
    assert scene.derive(subject, client=public)
    assert scene.refusal(subject, client=public, ClientSecret="w" * 51) == "NotAuthorized"


def limited(house, key, pool_id):
    """A client that signs as an operator who may only derive tokens of that pool."""
    arn = f"arn:aws:cognito-idp:us-east-1:*:userpool/{pool_id}"
    statement = {"Effect": "Allow", "Action": "cognito-idp:GetDerivedToken", "Resource": arn}
    house.access_key(key, "secret", json.dumps({"Version": "2012-10-17", "Statement": [statement]}), operator_id=key)
    return house.boto(key, "secret")


def test_an_operator_may_leave_the_secret_out_if_a_policy_allows_it_for_the_pool(scene):
    subject = scene.tokens()["access_token"]
    here = limited(scene.house, "AKIAHEREHEREHERE1234", scene.pool_id)
    there = limited(scene.house, "AKIATHERETHERE123456", scene.house.pool())

    for allowed in (scene.house.idp, here):
        assert scene.derive(subject, boto=allowed, ClientSecret=None)
        assert scene.refusal(subject, boto=allowed, ClientSecret="w" * 51) == "NotAuthorized"
    assert scene.refusal(subject, boto=there) == "AccessDenied"
    assert scene.refusal(subject, boto=scene.house.boto("AKIASTRANGERSTRANGER", "x")) == "UnrecognizedClient"


def test_what_has_no_issuer_yet_is_refused_clearly(scene):
    subject = scene.tokens()["access_token"]

    assert scene.refusal(subject, kind="SAML2") == "InvalidParameter"
    assert scene.refusal(subject, SubjectTokenProviderName="Google") == "InvalidParameter"
    assert scene.refusal(subject, ActorToken=subject) == "InvalidParameter"
    assert scene.refusal(subject, ActorTokenType="ACCESS_TOKEN") == "InvalidParameter"


def with_trigger(triggered, **for_access):
    people = triggered()
    config = {"LambdaArn": ARN.format("PreTokenGeneration"), "LambdaVersion": "V2_0"}
    people.functions["PreTokenGeneration"] = answering(
        claimsAndScopeOverrideDetails={"accessTokenGeneration": for_access}
    )
    people.house.idp.update_user_pool(UserPoolId=people.pool_id, LambdaConfig={"PreTokenGenerationConfig": config})
    return Scene(people.house, people.pool_id), people


def test_the_trigger_hears_of_exchanges_and_cannot_forge_the_actor(triggered):
    forged = {"tenant": "t1", "act": {"sub": "forged"}}
    scene, people = with_trigger(triggered, claimsToAddOrOverride=forged)
    scene.web = App(scene.house, scene.pool_id, AllowedOAuthScopes=SCOPES, ExplicitAuthFlows=FLOWS)
    robot = machine(scene.house, scene.pool_id, READ)
    subject = scene.tokens(READ)["access_token"]

    actor = {"ActorToken": token_of(robot)["access_token"], "ActorTokenType": "ACCESS_TOKEN"}
    told = claims_of(scene.derive(subject, **actor)["IssuedToken"])

    assert told["tenant"] == "t1"
    assert told["act"]["sub"] == robot.client_id
    assert people.sources()[-1] == "TokenGeneration_TokenExchange"
    assert people.told[-1]["request"]["scopes"] == [READ]


def test_only_whom_the_token_names_may_act(triggered):
    scene, people = with_trigger(triggered)
    robot = machine(scene.house, scene.pool_id, READ)
    people.functions["PreTokenGeneration"] = answering(
        claimsAndScopeOverrideDetails={
            "accessTokenGeneration": {"claimsToAddOrOverride": {"may_act": {"sub": robot.client_id}}}
        }
    )
    subject = scene.tokens()["access_token"]
    other = machine(scene.house, scene.pool_id, READ)

    def actor(app):
        return {"ActorToken": token_of(app)["access_token"], "ActorTokenType": "ACCESS_TOKEN"}

    assert scene.refusal(subject) == "InvalidParameter"
    assert scene.refusal(subject, **actor(other)) == "InvalidParameter"
    token = scene.derive(subject, **actor(robot))["IssuedToken"]
    assert scene.refusal(token, **actor(other)) == "InvalidParameter"


def test_an_exchange_is_an_event(scene):
    subject = scene.tokens()["access_token"]
    robot = machine(scene.house, scene.pool_id, READ)
    scene.derive(subject, ActorToken=token_of(robot)["access_token"], ActorTokenType="ACCESS_TOKEN", Scopes=[READ])

    with scene.house.database.read() as tx:
        rows = tx.rows("SELECT sub, body FROM events WHERE kind = 'token_exchanged'")
    assert len(rows) == 1
    assert rows[0][0] == claims_of(subject)["sub"]
    for told in (scene.service["ClientId"], robot.client_id, READ):
        assert told in str(rows[0][1])


def test_tokens_that_are_bound_to_a_key_are_not_exchanged_by_who_has_not_proven_it(scene):
    tokens = scene.tokens()
    subject, call = tokens["access_token"], scene.house.call()
    with scene.house.database.read() as tx:
        keys = signing.ring(call, tx, pools.find(tx, scene.pool_id)).signing
    bound = jwt.sign({**claims_of(subject), "cnf": {"jkt": "k" * 43}}, keys["access"])

    assert scene.refusal(bound) == "NotAuthorized"
    assert scene.refusal(subject, ActorToken=bound, ActorTokenType="ACCESS_TOKEN") == "NotAuthorized"
    with scene.house.database.write() as tx:
        (info,) = tx.row("SELECT grant_info FROM sessions WHERE pool_id = :pool_id", pool_id=scene.pool_id)
        tx.run("UPDATE sessions SET grant_info = :info", info=json.dumps({**json.loads(info), "jkt": "k" * 43}))
    for kind, token in (("ACCESS_TOKEN", subject), ("ID_TOKEN", tokens["id_token"])):
        assert scene.refusal(token, kind=kind) == "NotAuthorized"


def test_a_client_that_is_deleted_while_the_trigger_thinks_gets_nothing(triggered):
    scene, people = with_trigger(triggered)
    subject = scene.tokens()["access_token"]

    def deleting(event):
        scene.house.idp.delete_user_pool_client(UserPoolId=scene.pool_id, ClientId=scene.service["ClientId"])
        return event

    people.functions["PreTokenGeneration"] = deleting
    assert scene.refusal(subject) == "InvalidParameter"


def test_a_user_who_signs_out_while_the_trigger_thinks_leaves_nothing_behind(triggered):
    scene, people = with_trigger(triggered)
    subject = scene.tokens()["access_token"]

    def signing_out(event):
        scene.house.idp.admin_user_global_sign_out(UserPoolId=scene.pool_id, Username="alice")
        return event

    people.functions["PreTokenGeneration"] = signing_out
    assert scene.refusal(subject) == "NotAuthorized"
