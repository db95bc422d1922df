"""Threat protection: what is configured, which events a user has, and what is said of them."""

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns
from tests.world import PASSWORD

from lido.flows import event_feedback

ADD_ONS = {"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
ARN = "arn:aws:ses:us-east-1:000000000000:identity/{}.example.com"
BLOCKS = {
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
}


@story("SetRiskConfiguration", "DescribeRiskConfiguration")
def risk_configurations(asker: Asker) -> None:
    pool_id = asker.house.pool(**ADD_ONS)
    client_id = asker.house.app(pool_id)["ClientId"]
    examples = {
        "UserPoolId": pool_id,
        "EventFilter": Turns((["SIGN_IN", "PASSWORD_CHANGE"], ["SIGN_UP"])),
        "From": Turns(("One <one@example.com>", "two@example.com")),
        "ReplyTo": Turns(("help@one.example.com", "help@two.example.com")),
        "SourceArn": Turns((ARN.format("one"), ARN.format("two"))),
        "BlockEmail.Subject": Turns(("Blocked", "Refused")),
        "MfaEmail.TextBody": Turns(("{event-id}", "{login-time} in {city}")),
        "NoActionEmail.HtmlBody": Turns(("<p>{one-click-link-valid}</p>", "<p>{one-click-link-invalid}</p>")),
        "LowAction": Turns(({"Notify": False, "EventAction": "NO_ACTION"}, {"Notify": True, "EventAction": "BLOCK"})),
        "BlockedIPRangeList": Turns((["192.0.2.0/24", "2001:db8::/32"], ["192.0.2.7/32"])),
        "SkippedIPRangeList": Turns((["198.51.100.7/32"], ["203.0.113.0/24", "2001:db8:1::/48"])),
    }
    for whose in ("ALL", client_id):
        named = {"UserPoolId": pool_id, "ClientId": whose}
        for turn in range(3):
            asker.house.clock.advance(seconds=1)
            sent, told = asker.ask_all("SetRiskConfiguration", {**examples, **named}, turn=turn)
            shown = asker.ask("DescribeRiskConfiguration", **named)["RiskConfiguration"]
            assert {name: shown[name] for name in shown if name != "LastModifiedDate"} == sent
            assert shown == told["RiskConfiguration"]
        whole = asker.ask("DescribeRiskConfiguration", UserPoolId=pool_id)["RiskConfiguration"]
        assert {name: whole[name] for name in BLOCKS} == {name: sent[name] for name in BLOCKS}

    for kept in BLOCKS:
        asker.ask("SetRiskConfiguration", **named, **{kept: sent[kept]})
        shown = asker.ask("DescribeRiskConfiguration", **named)["RiskConfiguration"]
        assert (BLOCKS & set(shown), shown[kept]) == ({kept}, sent[kept])
    asker.ask("SetRiskConfiguration", **named)
    assert asker.ask("DescribeRiskConfiguration", **named)["RiskConfiguration"] == named
    whole = asker.ask("DescribeRiskConfiguration", UserPoolId=pool_id)["RiskConfiguration"]
    assert set(whole) > BLOCKS


@story("AdminListUserAuthEvents", "AdminUpdateAuthEventFeedback", "UpdateAuthEventFeedback")
def auth_events(asker: Asker) -> None:
    pool_id = asker.house.pool(**ADD_ONS)
    client_id = asker.house.app(pool_id)["ClientId"]
    asker.house.user(pool_id, "ann")
    named = {"UserPoolId": pool_id, "Username": "ann"}
    given = {"AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": {"USERNAME": "ann", "PASSWORD": PASSWORD}}
    for _ in range(2):
        asker.ask("InitiateAuth", unsigned=True, ClientId=client_id, **given)
        asker.house.clock.advance(seconds=1)

    page = asker.ask("AdminListUserAuthEvents", **named, MaxResults=1)
    rest = asker.ask("AdminListUserAuthEvents", **named, MaxResults=2, NextToken=page["NextToken"])
    last, first = (page["AuthEvents"] + rest["AuthEvents"])[:2]
    assert last["CreationDate"] > first["CreationDate"]
    for event in (last, first):
        assert (event["EventType"], event["EventResponse"]) == ("SignIn", "Pass")
        assert event["EventContextData"]["IpAddress"] == "203.0.113.7"

    def feedback(event: dict[str, str]) -> tuple[str, str]:
        listed = asker.ask("AdminListUserAuthEvents", **named)["AuthEvents"]
        told = {each["EventId"]: each.get("EventFeedback") for each in listed}[event["EventId"]]
        return told["FeedbackValue"], told["Provider"]

    for turn in range(2):
        said, _ = asker.ask_all("AdminUpdateAuthEventFeedback", {**named, "EventId": last["EventId"]}, turn=turn)
        assert feedback(last) == (said["FeedbackValue"], "Admin")
    sub = asker.house.idp.admin_get_user(**named)["UserAttributes"][0]["Value"]
    token = event_feedback.token(asker.house.call(), pool_id, sub, first["EventId"])
    examples = {**named, "EventId": first["EventId"], "FeedbackToken": token}
    for turn in range(2):
        said, _ = asker.ask_all("UpdateAuthEventFeedback", examples, turn=turn, unsigned=True)
        assert feedback(first) == (said["FeedbackValue"], "User")
    assert feedback(last)[1] == "Admin"
