import pytest
from botocore.exceptions import ClientError
from tests.world import PASSWORD

from lido.flows import event_feedback
from lido.storage import events

ON = {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
ARN = "arn:aws:ses:us-east-1:123456789012:identity/example.com"
MAIL = {"Subject": "Was it you?", "HtmlBody": "<p>{one-click-link-valid}</p>", "TextBody": "{event-id}"}
COMPROMISED = {"EventFilter": ["SIGN_IN", "SIGN_UP"], "Actions": {"EventAction": "BLOCK"}}
TAKEOVER = {
    "NotifyConfiguration": {
        "From": "a@example.com",
        "ReplyTo": "b@example.com",
        "SourceArn": ARN,
        "BlockEmail": MAIL,
        "NoActionEmail": MAIL,
        "MfaEmail": MAIL,
    },
    "Actions": {
        "LowAction": {"Notify": False, "EventAction": "NO_ACTION"},
        "MediumAction": {"Notify": True, "EventAction": "MFA_IF_CONFIGURED"},
        "HighAction": {"Notify": True, "EventAction": "BLOCK"},
    },
}
EXCEPTIONS = {"BlockedIPRangeList": ["192.0.2.0/24", "2001:db8::/32"], "SkippedIPRangeList": ["198.51.100.7/32"]}
EVERYTHING = {
    "CompromisedCredentialsRiskConfiguration": COMPROMISED,
    "AccountTakeoverRiskConfiguration": TAKEOVER,
    "RiskExceptionConfiguration": EXCEPTIONS,
}


def refused(code, sentence=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool(**ON)


def told(idp, pool_id, **client):
    return idp.describe_risk_configuration(UserPoolId=pool_id, **client)["RiskConfiguration"]


def auth_events(idp, pool_id, username="alice", **page):
    return idp.admin_list_user_auth_events(UserPoolId=pool_id, Username=username, **page)["AuthEvents"]


def sign_in(house, client_id, password=PASSWORD):
    return house.idp_unsigned.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": password},
    )


def test_every_member_is_described_as_it_was_set(idp, pool_id):
    answer = idp.set_risk_configuration(UserPoolId=pool_id, **EVERYTHING)["RiskConfiguration"]
    assert answer.pop("LastModifiedDate")
    assert answer == {"UserPoolId": pool_id, **EVERYTHING}
    shown = told(idp, pool_id)
    assert shown.pop("LastModifiedDate")
    assert shown == answer


def test_what_is_omitted_is_reset(idp, pool_id):
    idp.set_risk_configuration(UserPoolId=pool_id, **EVERYTHING)
    idp.set_risk_configuration(UserPoolId=pool_id, CompromisedCredentialsRiskConfiguration=COMPROMISED)
    assert set(told(idp, pool_id)) == {"UserPoolId", "LastModifiedDate", "CompromisedCredentialsRiskConfiguration"}
    idp.set_risk_configuration(UserPoolId=pool_id)
    assert told(idp, pool_id) == {"UserPoolId": pool_id}


def test_a_client_has_its_own_until_it_is_reset(house, idp, pool_id):
    client = house.app(pool_id)["ClientId"]
    idp.set_risk_configuration(UserPoolId=pool_id, CompromisedCredentialsRiskConfiguration=COMPROMISED)
    assert told(idp, pool_id, ClientId=client) == {"UserPoolId": pool_id, "ClientId": client}
    idp.set_risk_configuration(UserPoolId=pool_id, ClientId=client, RiskExceptionConfiguration=EXCEPTIONS)
    own = told(idp, pool_id, ClientId=client)
    assert own["RiskExceptionConfiguration"] == EXCEPTIONS
    assert "CompromisedCredentialsRiskConfiguration" not in own
    assert told(idp, pool_id, ClientId="ALL")["CompromisedCredentialsRiskConfiguration"] == COMPROMISED
    idp.set_risk_configuration(UserPoolId=pool_id, ClientId=client)
    assert told(idp, pool_id, ClientId=client) == {"UserPoolId": pool_id, "ClientId": client}
    assert told(idp, pool_id)["CompromisedCredentialsRiskConfiguration"] == COMPROMISED


@pytest.mark.parametrize(
    "each", ["", "192.0.2.1", "192.0.2.0/33", "::/129", "example.com/8", "1.2.3/8", "10.0.0.0/8\0"]
)
def test_what_is_no_range_of_addresses_is_refused(idp, pool_id, each):
    for name in ("BlockedIPRangeList", "SkippedIPRangeList"):
        with refused("InvalidParameterException"):
            idp.set_risk_configuration(UserPoolId=pool_id, RiskExceptionConfiguration={name: [each]})
    assert told(idp, pool_id) == {"UserPoolId": pool_id}


def test_actions_without_any_are_refused(idp, pool_id):
    with refused("InvalidParameterException"):
        idp.set_risk_configuration(UserPoolId=pool_id, AccountTakeoverRiskConfiguration={"Actions": {}})


@pytest.mark.parametrize("add_ons", [{}, {"UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}}])
def test_nothing_is_told_or_set_where_threat_protection_is_off(house, idp, add_ons):
    pool_id = house.pool(**add_ons)
    house.user(pool_id)
    whose = {"UserPoolId": pool_id, "Username": "alice"}
    said = {**whose, "EventId": "e", "FeedbackValue": "Valid"}
    for ask in (
        lambda: told(idp, pool_id),
        lambda: idp.set_risk_configuration(UserPoolId=pool_id, **EVERYTHING),
        lambda: idp.admin_list_user_auth_events(**whose),
        lambda: idp.admin_update_auth_event_feedback(**said),
        lambda: house.idp_unsigned.update_auth_event_feedback(**said, FeedbackToken="t"),
    ):
        with refused("UserPoolAddOnNotEnabledException", "User pool add-ons not enabled"):
            ask()


def test_unknown_pools_clients_and_users(house, idp, pool_id):
    with refused("ResourceNotFoundException"):
        told(idp, "us-east-1_000000000")
    with refused("ResourceNotFoundException"):
        told(idp, pool_id, ClientId="a" * 26)
    foreign = house.app(house.pool())["ClientId"]
    with refused("ResourceNotFoundException"):
        idp.set_risk_configuration(UserPoolId=pool_id, ClientId=foreign, **EVERYTHING)
    with refused("UserNotFoundException"):
        auth_events(idp, pool_id, "nobody")


def test_sign_ins_are_told_newest_first(house, idp, pool_id):
    client = house.app(pool_id)["ClientId"]
    house.user(pool_id)
    with pytest.raises(ClientError):
        sign_in(house, client, "Wr0ng-Passw0rd!")
    house.clock.advance(seconds=10)
    sign_in(house, client)
    newest, before = auth_events(idp, pool_id)[:2]

    assert (newest["EventType"], newest["EventResponse"]) == ("SignIn", "Pass")
    assert newest["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]
    assert newest["EventRisk"] == {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False}
    assert newest["EventContextData"]["DeviceName"]
    assert "EventFeedback" not in newest
    assert (before["EventType"], before["EventResponse"]) == ("SignIn", "Fail")
    assert before["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Failure"}]
    assert (newest["CreationDate"] - before["CreationDate"]).total_seconds() == 10


def test_events_come_in_pages(house, idp, pool_id):
    client = house.app(pool_id)["ClientId"]
    house.user(pool_id)
    for _ in range(5):
        sign_in(house, client)
        house.clock.advance(seconds=1)
    seen, token = [], {}
    while True:
        page = idp.admin_list_user_auth_events(UserPoolId=pool_id, Username="alice", MaxResults=2, **token)
        seen += [event["EventId"] for event in page["AuthEvents"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == [event["EventId"] for event in auth_events(idp, pool_id)]
    assert len(seen) >= 5
    house.user(pool_id, "bob")
    with refused("InvalidParameterException"):
        idp.admin_list_user_auth_events(UserPoolId=pool_id, Username="bob", **token)


def test_an_operator_says_what_an_event_was_and_the_last_word_counts(house, idp, pool_id):
    house.user(pool_id)
    sign_in(house, house.app(pool_id)["ClientId"])
    event = auth_events(idp, pool_id)[0]["EventId"]
    said = {"UserPoolId": pool_id, "Username": "alice", "EventId": event}
    idp.admin_update_auth_event_feedback(**said, FeedbackValue="Invalid")
    first = auth_events(idp, pool_id)[0]["EventFeedback"]
    assert (first["FeedbackValue"], first["Provider"]) == ("Invalid", "Admin")
    house.clock.advance(seconds=60)
    idp.admin_update_auth_event_feedback(**said, FeedbackValue="Invalid")
    assert auth_events(idp, pool_id)[0]["EventFeedback"] == first
    idp.admin_update_auth_event_feedback(**said, FeedbackValue="Valid")
    assert auth_events(idp, pool_id)[0]["EventFeedback"]["FeedbackValue"] == "Valid"
    with house.lido.database.read() as tx:
        kinds = [each.kind for each in events.page_of_pool(tx, pool_id, after="", before="~", limit=100)]
    assert kinds.count("event_feedback_given") == 2


def test_nobody_says_anything_of_other_people_s_events(house, idp, pool_id):
    house.user(pool_id)
    house.user(pool_id, "bob")
    sign_in(house, house.app(pool_id)["ClientId"])
    event = auth_events(idp, pool_id)[0]["EventId"]
    for username, event_id in (("bob", event), ("alice", "no-such-event")):
        with refused("ResourceNotFoundException"):
            idp.admin_update_auth_event_feedback(
                UserPoolId=pool_id, Username=username, EventId=event_id, FeedbackValue="Valid"
            )


def test_a_token_lets_its_holder_say_what_it_allows_of_that_event_alone(house, idp, pool_id):
    house.user(pool_id)
    house.user(pool_id, "bob")
    client = house.app(pool_id)["ClientId"]
    sign_in(house, client)
    sign_in(house, client)
    event, other = (each["EventId"] for each in auth_events(idp, pool_id)[:2])
    sub = idp.admin_get_user(UserPoolId=pool_id, Username="alice")["UserAttributes"][0]["Value"]
    token = event_feedback.token(house.call(), pool_id, sub, event, ("Invalid",))

    def say(username="alice", event_id=event, value="Invalid", feedback_token=token, pool=pool_id):
        house.idp_unsigned.update_auth_event_feedback(
            UserPoolId=pool,
            Username=username,
            EventId=event_id,
            FeedbackToken=feedback_token,
            FeedbackValue=value,
        )

    elsewhere = house.pool(**ON)
    house.user(elsewhere)
    wrong = [
        {"username": "bob"},
        {"username": "nobody"},
        {"event_id": other},
        {"value": "Valid"},
        {"feedback_token": token[:-2] + ("AA" if token[-2:] != "AA" else "BB")},
        {"feedback_token": "a" * 3000},
        {"pool": elsewhere},
    ]
    for each in wrong:
        with refused("NotAuthorizedException", "Invalid feedback token"):
            say(**each)
    assert "EventFeedback" not in auth_events(idp, pool_id)[0]
    say()
    say()
    said = auth_events(idp, pool_id)[0]["EventFeedback"]
    assert (said["FeedbackValue"], said["Provider"]) == ("Invalid", "User")


def test_feedback_goes_with_its_event(house, idp, pool_id):
    house.user(pool_id)
    sign_in(house, house.app(pool_id)["ClientId"])
    event = auth_events(idp, pool_id)[0]["EventId"]
    idp.admin_update_auth_event_feedback(UserPoolId=pool_id, Username="alice", EventId=event, FeedbackValue="Valid")
    with house.lido.database.write() as tx:
        assert events.remove_before(tx, pool_id, "~", 1000) > 0
        assert tx.rows("SELECT * FROM event_feedback WHERE pool_id = :pool_id", pool_id=pool_id) == []
