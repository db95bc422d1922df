"""Request rates at the doors: counted for the right pool, refused in Cognito's words, changed by its operations."""

import json

import msgspec
import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, refusal
from tests.tokens import access_token
from tests.world import PASSWORD, World, sign_by

from lido import errors, operations
from lido.flows import provisioned_limits
from lido.rules import rate_limits
from lido.storage import limits as stored

THROTTLED = ("TooManyRequests", "Rate exceeded")


@pytest.fixture
def slow(database):
    """A house that allows what AWS does."""
    world = World(database, request_rate_factor=1)
    sign_by(world.clock)
    yield world
    world.close()


def answers(deed, times, **arguments):
    """How often it was answered before it was refused for its rate."""
    for done in range(times):
        try:
            deed(**arguments)
        except ClientError as error:
            if error.response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate exceeded"}:
                return done
    return times


def definition(category="UserRead"):
    return {"LimitClass": "API_CATEGORY", "Attributes": {"Category": category}}


def test_a_pool_is_asked_as_often_as_on_aws_and_another_is_not_slowed(slow):
    one, other = slow.pool(), slow.pool()

    assert answers(slow.idp.list_users, 40, UserPoolId=one) == 30
    assert refusal(slow.idp.list_users, UserPoolId=one) == THROTTLED
    assert answers(slow.idp.list_users, 20, UserPoolId=other) == 20
    slow.clock.advance(seconds=1.1)
    assert answers(slow.idp.list_users, 40, UserPoolId=one) == 30


def test_any_one_operation_on_the_parts_of_a_pool_has_a_rate_of_its_own(slow):
    pool_id = slow.pool()

    assert answers(slow.idp.list_groups, 9, UserPoolId=pool_id) == 5
    assert answers(slow.idp.list_resource_servers, 9, UserPoolId=pool_id, MaxResults=5) == 5


def test_requests_that_name_no_pool_are_counted_for_the_region(slow):
    assert answers(slow.idp.list_user_pools, 20, MaxResults=1) == 15
    assert answers(slow.idp.describe_user_pool, 20, UserPoolId=slow.pool()) == 15


def test_sign_ins_are_counted_by_the_client_and_answers_three_times_as_many(slow):
    people, others = People(slow), People(slow)
    given = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "nobody", "PASSWORD": "x"}}
    asked = {"ClientId": people.client_id, **given}
    assert answers(slow.idp_unsigned.initiate_auth, 200, **asked) == 120
    assert refusal(slow.idp_unsigned.initiate_auth, **asked) == THROTTLED
    assert refusal(slow.idp_unsigned.initiate_auth, ClientId=others.client_id, **given).name == "UserNotFound"
    responses = {"ChallengeName": "SMS_MFA", "Session": "x" * 30, "ChallengeResponses": {"USERNAME": "x"}}
    assert answers(slow.idp_unsigned.respond_to_auth_challenge, 400, ClientId=people.client_id, **responses) == 360


def test_requests_with_a_token_are_counted_for_its_pool_once_it_is_proven(slow):
    people = People(slow)
    slow.user(people.pool_id, "alice")
    token = access_token(slow, people.pool_id, people.client_id, "alice")
    forged = token[:-8] + "AAAAAAAA"

    assert answers(slow.idp_unsigned.get_user, 200, AccessToken=forged) == 200
    assert answers(slow.idp_unsigned.get_user, 200, AccessToken=token) == 120
    assert refusal(slow.idp_unsigned.get_user, AccessToken=token) == THROTTLED


def test_a_member_that_the_operation_does_not_read_leads_to_no_other_pool(slow):
    people, others = People(slow), People(slow)
    slow.user(people.pool_id, "alice")
    token = access_token(slow, people.pool_id, people.client_id, "alice")
    disguise = {"ClientId": others.client_id, "UserPoolId": others.pool_id, "ChallengeName": "NEW_PASSWORD_REQUIRED"}
    headers = {"x-amz-target": "AWSCognitoIdentityProviderService.GetUser"}
    body = json.dumps({"AccessToken": token, **disguise}).encode()

    told = [slow.http("POST", "http://lido.test/", headers, body)[0] for _ in range(121)]
    assert told == [200] * 120 + [400]


def test_nobody_without_a_right_uses_a_pool_up(slow):
    pool_id = slow.pool()
    stranger = slow.boto("AKIANOBODYNOBODY0001", "guess")

    assert refusal(stranger.list_users, UserPoolId=pool_id).name == "UnrecognizedClient"
    assert answers(stranger.list_users, 40, UserPoolId=pool_id) == 40
    assert answers(slow.idp_unsigned.list_users, 40, UserPoolId=pool_id) == 40
    assert answers(slow.idp.list_users, 40, UserPoolId=pool_id) == 30


def test_the_endpoints_answer_429(slow):
    people = People(slow)
    form = f"grant_type=refresh_token&refresh_token=x&client_id={people.client_id}".encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    url = f"http://lido.test/{people.pool_id}"

    told = [slow.http("POST", f"{url}/oauth2/token", headers, form)[0] for _ in range(120)]
    assert set(told) == {400}
    status, answered, body = slow.http("POST", f"{url}/oauth2/token", headers, form)
    assert (status, json.loads(body)["error"]) == (429, "temporarily_unavailable")
    assert answered["retry-after"] == "1"
    assert slow.http("POST", f"{url}/login", headers, b"")[0] == 429
    assert [slow.http("GET", f"{url}/oauth2/userInfo")[0] for _ in range(121)].count(429) == 1
    assert slow.http("GET", f"{url}/.well-known/jwks.json")[0] == 200


def test_a_limit_is_told_as_the_model_says(slow):
    limit = slow.idp.get_provisioned_limit(LimitDefinition=definition())["Limit"]

    assert limit == {"LimitDefinition": definition(), "ProvisionedLimitValue": 120, "FreeLimitValue": 120}


def test_without_limits_the_most_is_told(house):
    limit = house.idp.get_provisioned_limit(LimitDefinition=definition())["Limit"]
    assert (limit["ProvisionedLimitValue"], limit["FreeLimitValue"]) == (provisioned_limits.MOST, 120)


def test_a_limit_that_is_updated_holds_at_once_and_after_a_restart(slow, database):
    people = People(slow)
    slow.user(people.pool_id, "alice")
    updated = slow.idp.update_provisioned_limit(LimitDefinition=definition(), RequestedLimitValue=130)["Limit"]
    assert updated == {"LimitDefinition": definition(), "ProvisionedLimitValue": 130, "FreeLimitValue": 120}

    asked = {"UserPoolId": people.pool_id, "Username": "alice"}
    assert answers(slow.idp.admin_get_user, 200, **asked) == 130
    again = World(database, request_rate_factor=1)
    assert again.idp.get_provisioned_limit(LimitDefinition=definition())["Limit"] == updated
    again.close()


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"LimitDefinition": definition("UserList")}, "ResourceNotFound"),
        ({"LimitDefinition": definition("Teapots")}, "ResourceNotFound"),
        ({"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {}}}, "InvalidParameter"),
        ({"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"x": "y"}}}, "InvalidParameter"),
        ({"LimitDefinition": {"LimitClass": "OTHER", "Attributes": {}}}, "InvalidParameter"),
        ({"RequestedLimitValue": 119}, "InvalidParameter"),
        ({"RequestedLimitValue": -1}, "InvalidParameter"),
        ({"RequestedLimitValue": provisioned_limits.MOST + 1}, "ServiceQuotaExceeded"),
    ],
)
def test_what_cannot_be_a_limit_is_refused(house, wrong, name):
    given = {"LimitDefinition": definition(), "RequestedLimitValue": 200, **wrong}

    assert refusal(house.idp.update_provisioned_limit, **given).name == name
    with house.database.read() as tx:
        assert stored.rates(tx) == {}


def test_a_change_of_a_limit_stands_in_the_audit_trail(house):
    house.idp.update_provisioned_limit(LimitDefinition=definition(), RequestedLimitValue=500)
    with house.database.read() as tx:
        bodies = [row[0] for row in tx.rows("SELECT body FROM audit WHERE action = 'UpdateProvisionedLimit'")]

    assert len(bodies) == 1
    assert "UserRead" in str(bodies[0])
    assert "500" in str(bodies[0])


def test_a_pool_s_own_rate_beats_its_region_s(slow):
    one, other = People(slow), People(slow)
    for each in (one, other):
        slow.user(each.pool_id, "alice")
    call = slow.call(root=True)
    provisioned_limits.set_rate(call, one.pool_id, "UserRead", 3, operation="test")
    provisioned_limits.set_rate(call, "us-east-1", "UserRead", 7, operation="test")

    assert answers(slow.idp.admin_get_user, 20, UserPoolId=one.pool_id, Username="alice") == 3
    assert answers(slow.idp.admin_get_user, 20, UserPoolId=other.pool_id, Username="alice") == 7


def test_refusals_are_counted_for_prometheus(slow):
    from prometheus_client import generate_latest

    answers(slow.idp.list_users, 40, UserPoolId=slow.pool())
    assert b'lido_throttled_total{category="UserList"} 1.0' in generate_latest(slow.lido.metrics.registry)


def test_a_new_password_at_a_challenge_counts_as_recovery(slow):
    people = People(slow)
    asked = {"ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x" * 30}
    responses = {"USERNAME": "x", "NEW_PASSWORD": PASSWORD}
    deed = slow.idp_unsigned.respond_to_auth_challenge

    allowed = answers(deed, 60, ClientId=people.client_id, ChallengeResponses=responses, **asked)
    assert allowed == rate_limits.DEFAULT_RATES["UserAccountRecovery"]


class Untouchable:
    """A database that nobody may ask."""

    def __init__(self, database):
        self.documents = database.documents


def test_a_request_beyond_the_rate_of_its_client_s_pool_costs_no_statement(slow):
    people = People(slow)
    asked = {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": people.client_id, "AuthParameters": {"USERNAME": "nobody"}}
    answers(slow.idp_unsigned.initiate_auth, 200, **asked)

    call = msgspec.structs.replace(slow.call(), db=Untouchable(slow.database))
    with pytest.raises(errors.TooManyRequests):
        operations.perform("cognito-idp", "InitiateAuth", call, asked)
