"""CUSTOM_AUTH: the course of a sign-in is the pool's own, told by three triggers."""

import pytest
from tests.authenticators import App
from tests.sign_ins import claims, refusal
from tests.triggers.conftest import answering, raising
from tests.world import PASSWORD


def define(event):
    """Three tries at one question, after the password where that comes first."""
    rounds = event["request"]["session"]
    response = event["response"]
    custom = [each for each in rounds if each["challengeName"] == "CUSTOM_CHALLENGE"]
    if rounds and rounds[-1]["challengeName"] == "SRP_A":
        response["challengeName"] = "PASSWORD_VERIFIER"
    elif custom and custom[-1]["challengeResult"]:
        response["issueTokens"] = True
    elif len(custom) >= 3:
        response["failAuthentication"] = True
    else:
        response["challengeName"] = "CUSTOM_CHALLENGE"
    return event


def create(event):
    event["response"] = {
        "publicChallengeParameters": {"question": "5 + 3"},
        "privateChallengeParameters": {"answer": "8"},
        "challengeMetadata": "SUM",
    }
    return event


def verify(event):
    request = event["request"]
    event["response"]["answerCorrect"] = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
    return event


QUESTION = {"DefineAuthChallenge": define, "CreateAuthChallenge": create, "VerifyAuthChallengeResponse": verify}
ASKED = ["DefineAuthChallenge_Authentication", "CreateAuthChallenge_Authentication"]


def begin(people, username="alice", **parameters):
    return people.initiate("CUSTOM_AUTH", USERNAME=username, **parameters)


def answer(people, begun, given, **more):
    return people.respond("CUSTOM_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER=given, **more)


def test_a_right_answer_signs_in(triggered):
    people = triggered(**QUESTION)
    people.alice(email="alice@example.com")

    begun = begin(people)
    assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert begun["ChallengeParameters"] == {"question": "5 + 3", "USERNAME": "alice"}
    tokens = answer(people, begun, "8")["AuthenticationResult"]

    assert claims(tokens["AccessToken"])["username"] == "alice"
    assert people.sources() == [
        *ASKED,
        "VerifyAuthChallengeResponse_Authentication",
        "DefineAuthChallenge_Authentication",
    ]
    first, made, judged, last = (event["request"] for event in people.told)
    assert (first["session"], first["userNotFound"]) == ([], False)
    assert first["userAttributes"]["email"] == "alice@example.com"
    assert made["challengeName"] == "CUSTOM_CHALLENGE"
    assert (judged["challengeAnswer"], judged["privateChallengeParameters"]) == ("8", {"answer": "8"})
    assert last["session"] == [
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "SUM"}
    ]


def test_a_wrong_answer_leads_to_the_next_question(triggered):
    people = triggered(**QUESTION)
    people.alice()

    again = answer(people, begin(people), "7")
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert answer(people, again, "8")["AuthenticationResult"]["AccessToken"]
    assert [each["challengeResult"] for each in people.told[-1]["request"]["session"]] == [False, True]


def test_the_triggers_end_it(triggered):
    people = triggered(**QUESTION)
    people.alice()

    begun = answer(people, answer(people, begin(people), "1"), "2")

    assert refusal(answer, people, begun, "3") == ("NotAuthorized", "Incorrect username or password.")
    assert people.sessions() == 0


def test_a_question_is_answered_once(triggered):
    people = triggered(**QUESTION)
    people.alice()
    begun = begin(people)
    answer(people, begun, "7")

    assert refusal(answer, people, begun, "8").name == "NotAuthorized"
    assert people.sessions() == 0


def test_wrong_answers_lock_the_account(triggered):
    people = triggered(**QUESTION)
    people.alice()
    for _ in range(5):
        answer(people, begin(people), "1")

    assert refusal(answer, people, begin(people), "8") == ("NotAuthorized", "Password attempts exceeded")


@pytest.mark.parametrize("trigger", ["DefineAuthChallenge", "CreateAuthChallenge"])
def test_wrong_answers_count_although_what_follows_fails(triggered, trigger):
    people = triggered(**QUESTION)
    people.alice()
    for _ in range(5):
        begun = begin(people)
        people.functions[trigger] = raising("Wrong!")
        refusal(answer, people, begun, "1")
        people.functions[trigger] = QUESTION[trigger]

    assert refusal(answer, people, begin(people), "8") == ("NotAuthorized", "Password attempts exceeded")


def test_the_password_may_come_first(triggered):
    people = triggered(**QUESTION)
    people.alice()
    srp = people.srp()

    begun = begin(people, CHALLENGE_NAME="SRP_A", SRP_A=srp.get_auth_params()["SRP_A"])
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    proven = people.respond(
        "PASSWORD_VERIFIER",
        begun.get("Session"),
        **srp.process_challenge(begun["ChallengeParameters"], srp.get_auth_params()),
    )
    assert proven["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert answer(people, proven, "8")["AuthenticationResult"]["AccessToken"]

    names = [each["challengeName"] for each in people.told[-1]["request"]["session"]]
    assert names == ["SRP_A", "PASSWORD_VERIFIER", "CUSTOM_CHALLENGE"]


def test_a_wrong_password_ends_it_before_any_question(triggered):
    people = triggered(**QUESTION)
    people.alice()
    srp = people.srp(password="Wr0ng!pass")
    begun = begin(people, CHALLENGE_NAME="SRP_A", SRP_A=srp.get_auth_params()["SRP_A"])
    answers = srp.process_challenge(begun["ChallengeParameters"], srp.get_auth_params())

    assert refusal(people.respond, "PASSWORD_VERIFIER", begun.get("Session"), **answers).name == "NotAuthorized"
    assert people.sources() == ["DefineAuthChallenge_Authentication"]


def test_a_password_that_was_not_begun_cannot_be_asked_for(triggered):
    people = triggered(**{**QUESTION, "DefineAuthChallenge": answering(challengeName="PASSWORD_VERIFIER")})
    people.alice()

    assert refusal(begin, people) == ("InvalidLambdaResponse", "Unrecognizable lambda output")


@pytest.mark.parametrize("given", ["SMS_MFA", "NEW_PASSWORD_REQUIRED", "ADMIN_NO_SRP_AUTH", "PASSWORD", "TOKENS", 7])
def test_the_triggers_cannot_name_what_does_not_follow(triggered, given):
    people = triggered(**{**QUESTION, "DefineAuthChallenge": answering(challengeName=given)})
    people.alice()

    assert refusal(begin, people) == ("InvalidLambdaResponse", "Unrecognizable lambda output")


def test_a_trigger_that_decides_nothing_refuses(triggered):
    people = triggered(**{**QUESTION, "DefineAuthChallenge": lambda event: event})
    people.alice()

    assert refusal(begin, people).name == "InvalidLambdaResponse"


def test_the_triggers_may_let_in_without_a_question(triggered):
    people = triggered(**{**QUESTION, "DefineAuthChallenge": answering(issueTokens=True)})
    people.alice()

    assert begin(people)["AuthenticationResult"]["AccessToken"]


def test_refusal_outweighs_tokens(triggered):
    decision = answering(issueTokens=True, failAuthentication=True, challengeName="CUSTOM_CHALLENGE")
    people = triggered(**{**QUESTION, "DefineAuthChallenge": decision})
    people.alice()

    assert refusal(begin, people) == ("NotAuthorized", "Incorrect username or password.")


def test_strangers_are_asked_too_and_never_let_in(triggered):
    people = triggered(
        app={"PreventUserExistenceErrors": "ENABLED"},
        **{**QUESTION, "VerifyAuthChallengeResponse": answering(answerCorrect=True)},
    )

    begun = begin(people, "nobody")
    assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
    refused = refusal(people.respond, "CUSTOM_CHALLENGE", begun["Session"], USERNAME="nobody", ANSWER="8")

    assert refused == ("NotAuthorized", "Incorrect username or password.")
    assert all(event["request"]["userNotFound"] for event in people.told)
    assert all(event["request"]["userAttributes"] == {} for event in people.told)


@pytest.mark.parametrize(
    ("state", "name"),
    [("disabled", "NotAuthorized"), ("unconfirmed", "UserNotConfirmed"), ("reset", "PasswordResetRequired")],
)
def test_the_state_of_an_account_outweighs_the_triggers(triggered, state, name):
    people = triggered(**QUESTION)
    operator, who = people.house.idp, {"UserPoolId": people.pool_id, "Username": "alice"}
    if state == "unconfirmed":
        people.sign_up()
    else:
        people.alice(email="alice@example.com", email_verified="true")
    begun = begin(people)
    if state == "disabled":
        operator.admin_disable_user(**who)
        begun = begin(people)
    if state == "reset":
        operator.admin_reset_user_password(**who)
        begun = begin(people)

    assert refusal(answer, people, begun, "8").name == name
    assert people.sessions() == 0


def test_a_temporary_password_is_exchanged_after_the_question(triggered):
    people = triggered(**QUESTION)
    people.house.user(people.pool_id, "alice", "Temp0rary!", confirmed=False)

    proven = answer(people, begin(people), "8")

    assert proven["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    people.told.clear()
    done = people.respond("NEW_PASSWORD_REQUIRED", proven["Session"], USERNAME="alice", NEW_PASSWORD="New-Passw0rd!")
    assert done["AuthenticationResult"]["AccessToken"]
    assert people.told == []  # they have decided


def test_what_the_trigger_keeps_may_be_long(triggered):
    secret = "s" * 2_000

    def long(event):
        event["response"] = {"privateChallengeParameters": {f"p{i}": secret for i in range(4)}}
        return event

    people = triggered(
        **{**QUESTION, "CreateAuthChallenge": long, "VerifyAuthChallengeResponse": answering(answerCorrect=True)}
    )
    people.alice()

    begun = begin(people)
    assert len(begun["Session"]) <= 2_048
    wrong = people.initiate("CUSTOM_AUTH", USERNAME="alice")["Session"]
    assert wrong != begun["Session"]
    people.functions["DefineAuthChallenge"] = define
    assert answer(people, begun, "x")["AuthenticationResult"]["AccessToken"]
    assert people.told[-2]["request"]["privateChallengeParameters"] == {f"p{i}": secret for i in range(4)}
    assert refusal(answer, people, begun, "x").name == "NotAuthorized"


def test_nothing_of_what_the_trigger_keeps_is_told(triggered):
    people = triggered(**QUESTION)
    people.alice()

    assert "8" not in str(begin(people)["ChallengeParameters"].values())


def test_pools_without_the_triggers_have_no_such_flow(triggered):
    people = triggered()
    people.alice()

    assert refusal(begin, people) == ("UnexpectedLambda", "null invocation failed due to configuration.")


def test_clients_that_do_not_allow_it_are_refused(triggered):
    people = triggered(app={"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]}, **QUESTION)
    people.alice()

    assert refusal(begin, people).name == "InvalidParameter"
    assert people.told == []


def test_operators_begin_it_too(triggered):
    people = triggered(**QUESTION)
    people.alice()

    begun = people.admin_initiate("CUSTOM_AUTH", USERNAME="alice")
    assert begun["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert refusal(answer, people, begun, "8").name == "NotAuthorized"  # not at the other door
    done = people.house.idp.admin_respond_to_auth_challenge(
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "alice", "ANSWER": "8"},
    )
    assert done["AuthenticationResult"]["AccessToken"]


def test_the_triggers_may_ask_for_a_second_factor(triggered):
    def with_totp(event):
        rounds = event["request"]["session"]
        names = [each["challengeName"] for each in rounds]
        if names == []:
            event["response"]["challengeName"] = "CUSTOM_CHALLENGE"
        elif names == ["CUSTOM_CHALLENGE"]:
            event["response"]["challengeName"] = "SOFTWARE_TOKEN_MFA"
        else:
            event["response"]["issueTokens"] = True
        return event

    people = triggered(pool={"MfaConfiguration": "OFF"}, **QUESTION)
    people.house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    people.alice()
    token = people.sign_in("alice", PASSWORD)["AccessToken"]
    app = App(people.house, people.house.idp_unsigned.associate_software_token(AccessToken=token)["SecretCode"])
    people.house.idp_unsigned.verify_software_token(AccessToken=token, UserCode=app.code())
    people.house.idp_unsigned.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True})
    people.house.clock.advance(seconds=60)
    people.functions["DefineAuthChallenge"] = with_totp

    asked = answer(people, begin(people), "8")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    done = people.respond("SOFTWARE_TOKEN_MFA", asked["Session"], USERNAME="alice", SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert done["AuthenticationResult"]["AccessToken"]


def test_what_is_said_with_an_answer_reaches_the_triggers(triggered):
    people = triggered(**QUESTION)
    people.alice()
    begun = people.house.idp_unsigned.initiate_auth(
        AuthFlow="CUSTOM_AUTH",
        ClientId=people.client_id,
        AuthParameters={"USERNAME": "alice"},
        ClientMetadata={"at": "the beginning"},
    )
    people.house.idp_unsigned.respond_to_auth_challenge(
        ClientId=people.client_id,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "alice", "ANSWER": "8"},
        ClientMetadata={"at": "the end"},
    )

    said = [event["request"].get("clientMetadata") for event in people.told]
    assert said == [None, None, {"at": "the end"}, {"at": "the end"}]
