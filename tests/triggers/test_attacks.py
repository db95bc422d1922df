"""Attacks on what triggers decide: guesses that nobody counts, people given away, steps and factors left out."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.authenticators import SMS, App
from tests.sign_ins import claims, refusal
from tests.triggers.conftest import FLOWS, answering, raising
from tests.triggers.test_custom_auth import QUESTION, answer, begin
from tests.triggers.test_migration import ALICE, migrating
from tests.world import PASSWORD

from lido.flows import progress

LOCKED = ("NotAuthorized", "Password attempts exceeded")
HIDING = {"PreventUserExistenceErrors": "ENABLED"}


def strict(event):
    """A function that raises at wrong answers, as many do."""
    if event["request"]["challengeAnswer"] != "8":
        raise ValueError("Wrong answer, it was 8")
    event["response"]["answerCorrect"] = True
    return event


def lax(event):
    """A function that answers rubbish to wrong answers."""
    event["response"]["answerCorrect"] = True if event["request"]["challengeAnswer"] == "8" else "no"
    return event


@pytest.mark.parametrize(
    ("verify", "name"), [(strict, "UserLambdaValidation"), (lax, "InvalidLambdaResponse")], ids=["raises", "rubbish"]
)
def test_wrong_answers_count_although_the_function_fails_at_them(triggered, verify, name):
    people = triggered(**{**QUESTION, "VerifyAuthChallengeResponse": verify})
    people.alice()
    for _ in range(5):
        assert refusal(answer, people, begin(people), "1").name == name

    assert refusal(answer, people, begin(people), "8") == LOCKED


def test_a_question_at_which_the_function_raised_is_answered_once(triggered):
    people = triggered(**{**QUESTION, "VerifyAuthChallengeResponse": strict})
    people.alice()
    begun = begin(people)
    refusal(answer, people, begun, "1")

    assert refusal(answer, people, begun, "8").name == "NotAuthorized"
    assert people.sessions() == 0


def test_two_hundred_guesses_at_once_are_few_judgements(triggered):
    people = triggered(**{**QUESTION, "VerifyAuthChallengeResponse": strict})
    people.house.clock.sleep = lambda _seconds: None
    people.alice()
    begun = [begin(people) for _ in range(10)]
    people.told.clear()

    def guess(number):
        try:
            return answer(people, begun[number % 10], str(100 + number))
        except ClientError as error:
            return error.response["Error"]["Message"]

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(guess, range(200)))

    assert people.sources().count("VerifyAuthChallengeResponse_Authentication") == 5


def test_what_a_function_raises_stands_in_no_event(triggered):
    people = triggered(**{**QUESTION, "VerifyAuthChallengeResponse": strict})
    people.alice()
    refusal(answer, people, begin(people), "1")
    people.functions["VerifyAuthChallengeResponse"] = QUESTION["VerifyAuthChallengeResponse"]
    begun = begin(people)
    people.functions["CreateAuthChallenge"] = raising("the answer is 8")
    refusal(answer, people, begun, "1")

    with people.house.database.read() as tx:
        rows = tx.rows("SELECT body FROM events WHERE pool_id = :pool_id AND kind = 'refused'", pool_id=people.pool_id)
    assert len(rows) == 2
    assert all("UserLambdaValidation" in row[0] and "answer" not in row[0] for row in rows)


@pytest.mark.parametrize("named", [{"UsernameAttributes": ["email"]}, {"AliasAttributes": ["email"]}, {}])
def test_the_question_does_not_tell_who_exists(triggered, named):
    people = triggered(pool=named, app=HIDING, **QUESTION)
    if "UsernameAttributes" in named:
        people.house.user(people.pool_id, "alice@example.com")
    else:
        people.alice(email="alice@example.com", email_verified="true")
    known, nobody = ("alice@example.com", "nobody@example.com") if named else ("alice", "nobod")

    shown = [begin(people, name)["ChallengeParameters"]["USERNAME"] for name in (known, nobody)]

    assert ("@" in shown[0]) == ("@" in shown[1])
    if "UsernameAttributes" in named:
        assert [len(name) for name in shown] == [36, 36]
    begun = begin(people, nobody)
    again = people.respond(
        "CUSTOM_CHALLENGE", begun["Session"], USERNAME=begun["ChallengeParameters"]["USERNAME"], ANSWER="1"
    )
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"


def test_a_question_of_the_pools_own_is_no_way_to_try_passwords_elsewhere(triggered):
    people = triggered(
        app={**HIDING, "ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]}, UserMigration=migrating(), **QUESTION
    )
    begun = begin(people)
    people.told.clear()

    answer(people, begun, "PASSWORD", PASSWORD=PASSWORD)

    assert "UserMigration_Authentication" not in people.sources()
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


def test_a_sign_in_of_the_pools_own_ends_some_time(triggered):
    endless = answering(challengeName="CUSTOM_CHALLENGE")
    people = triggered(
        **{**QUESTION, "DefineAuthChallenge": endless, "VerifyAuthChallengeResponse": answering(answerCorrect=True)}
    )
    people.alice()
    begun = begin(people)
    for _ in range(100):
        begun = answer(people, begun, "go on")

    assert refusal(answer, people, begun, "go on").name == "NotAuthorized"


@pytest.mark.parametrize("hides", ["ENABLED", "LEGACY"])
def test_spellings_that_the_elder_house_takes_for_one_share_their_guesses(triggered, hides):
    people = triggered(
        pool={"UsernameConfiguration": {"CaseSensitive": True}},
        app={"PreventUserExistenceErrors": hides},
        UserMigration=migrating(),
    )
    for name in ("alice", "Alice", "ALICE", "aLICE", "alicE"):
        refusal(people.sign_in, name, "Wr0ng!pass")
    people.told.clear()

    refused = refusal(people.sign_in, "aliCe", "Wr0ng!pass")

    assert people.told == []
    if hides == "ENABLED":  # a lock that users of other spellings do not share would tell who exists
        assert refused == ("NotAuthorized", "Incorrect username or password.")
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


@pytest.mark.parametrize("media", [[{}], [["SMS"]], [None]])
def test_rubbish_about_a_migrated_user_is_refused_and_counted(triggered, media):
    people = triggered(
        app={"PreventUserExistenceErrors": "LEGACY"}, UserMigration=migrating(desiredDeliveryMediums=media)
    )
    for _ in range(5):
        assert refusal(people.sign_in).name == "InvalidLambdaResponse"

    assert refusal(people.sign_in) == LOCKED


@pytest.mark.parametrize(
    ("number", "pool_has_sms"), [(None, True), ("+15550100001", False)], ids=["no number", "no SMS in the pool"]
)
def test_nobody_moves_without_the_second_factor_that_was_asked_for(triggered, number, pool_has_sms):
    attributes = {**ALICE, **({"phone_number": number} if number else {})}
    people = triggered(
        app={"PreventUserExistenceErrors": "LEGACY"},
        UserMigration=migrating(userAttributes=attributes, enableSMSMFA=True),
    )
    if pool_has_sms:
        people.house.idp.set_user_pool_mfa_config(
            UserPoolId=people.pool_id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration={"SmsConfiguration": SMS}
        )

    assert refusal(people.sign_in).name == "InvalidLambdaResponse"
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


def test_who_moves_with_a_second_factor_is_asked_for_it(triggered):
    attributes = {**ALICE, "phone_number": "+15550100001"}
    people = triggered(UserMigration=migrating(userAttributes=attributes, enableSMSMFA=True))
    people.house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration={"SmsConfiguration": SMS}
    )

    assert people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["ChallengeName"] == "SMS_MFA"


def test_who_moves_late_passes_the_trigger_before_sign_ins(triggered):
    def only_strangers(event):
        if not event["request"].get("userNotFound"):
            raise ValueError("Not today")
        return event

    people = triggered(app=HIDING, UserMigration=migrating(), PreAuthentication=only_strangers)
    begun = people.initiate("USER_AUTH", USERNAME="alice")

    refused = refusal(
        people.respond, "SELECT_CHALLENGE", begun["Session"], USERNAME="alice", ANSWER="PASSWORD", PASSWORD=PASSWORD
    )

    assert refused == ("UserLambdaValidation", "PreAuthentication failed with error Not today.")
    assert people.sessions() == 0


@pytest.mark.parametrize("scope", ["a\tb", "a\nb", "a\u00a0b", "a\u2003b", "\x00", "", "a b"])
def test_no_scope_passes_for_two(triggered, scope):
    details = {"accessTokenGeneration": {"scopesToAdd": [scope]}}
    people = triggered(PreTokenGenerationConfig=answering(claimsAndScopeOverrideDetails=details), version="V2_0")
    people.alice()

    assert refusal(people.sign_in).name == "InvalidLambdaResponse"


def test_groups_and_roles_count_among_the_changes(triggered):
    details = {"groupOverrideDetails": {"groupsToOverride": [str(number) for number in range(5_001)]}}
    people = triggered(PreTokenGenerationConfig=answering(claimsAndScopeOverrideDetails=details), version="V2_0")
    people.alice()

    assert refusal(people.sign_in).name == "InvalidLambdaResponse"


def test_a_token_says_nobody_else_whatever_the_function_says(triggered):
    names = ["sub", "iss", "aud", "exp", "iat", "auth_time", "token_use", "username", "client_id", "scope", "jti"]
    forged = dict.fromkeys([*names, "cognito:username", "origin_jti"], "forged") | {"cognito:groups": ["admin"]}
    change = {"claimsToAddOrOverride": forged, "claimsToSuppress": list(forged)}
    details = {"idTokenGeneration": change, "accessTokenGeneration": change}
    people = triggered(PreTokenGenerationConfig=answering(claimsAndScopeOverrideDetails=details), version="V2_0")
    people.alice()

    tokens = people.sign_in()

    for token in (claims(tokens["AccessToken"]), claims(tokens["IdToken"])):
        assert "forged" not in token.values()
        assert token["sub"] == people.sub()
        assert "admin" not in token.get("cognito:groups", [])
    assert people.house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])["Username"] == "alice"


def test_a_changed_address_is_not_told_as_proven(triggered):
    people = triggered(CustomMessage=lambda event: event)
    people.alice(email="alice@example.com", email_verified="true")
    token = people.sign_in()["AccessToken"]

    people.house.idp_unsigned.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": "mallory@example.com"}]
    )

    told = people.told[-1]["request"]["userAttributes"]
    assert (told["email"], told["email_verified"]) == ("mallory@example.com", "false")


def test_a_function_may_speak_to_the_house_about_the_very_user(triggered):
    def asking(event):
        house, who = people.house, {"UserPoolId": people.pool_id, "Username": "alice"}
        house.idp.admin_get_user(**who)
        house.idp.admin_update_user_attributes(
            **who, UserAttributes=[{"Name": "name", "Value": event["triggerSource"]}]
        )
        return event

    people = triggered(PreAuthentication=asking, PostAuthentication=asking, PreTokenGeneration=asking)
    people.alice()

    assert claims(people.sign_in()["IdToken"])["name"] == "TokenGeneration_Authentication"


def test_a_step_up_ends_with_its_session_although_a_trigger_was_asked_meanwhile(triggered):
    people = triggered(PostAuthentication=lambda event: event)
    house = people.house
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    people.alice()
    first = people.sign_in()
    app = App(house, house.idp_unsigned.associate_software_token(AccessToken=first["AccessToken"])["SecretCode"])
    house.idp_unsigned.verify_software_token(AccessToken=first["AccessToken"], UserCode=app.code())
    house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SoftwareTokenMfaSettings={"Enabled": True}
    )
    house.clock.advance(seconds=30)
    token = first["AccessToken"]
    asked = people.initiate("USER_AUTH", USERNAME="alice", ACCESS_TOKEN=token, TARGET_ACR_VALUES="urn:cognito:loa:4")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"

    def revoking(event):
        house.idp_unsigned.revoke_token(Token=first["RefreshToken"], ClientId=people.client_id)
        return event

    people.functions["PostAuthentication"] = revoking
    answers = {"USERNAME": "alice", "SOFTWARE_TOKEN_MFA_CODE": app.code()}

    assert refusal(people.respond, "SOFTWARE_TOKEN_MFA", asked["Session"], **answers).name == "NotAuthorized"


def by_password(people, **wishes):
    """CUSTOM_AUTH up to the step that follows the password."""
    srp = people.srp()
    begun = begin(people, CHALLENGE_NAME="SRP_A", SRP_A=srp.get_auth_params()["SRP_A"], **wishes)
    answers = srp.process_challenge(begun["ChallengeParameters"], srp.get_auth_params())
    return people.respond("PASSWORD_VERIFIER", begun.get("Session"), **answers)


def after_password(event):
    """The shortest course there is: who knows the password is let in."""
    rounds = event["request"]["session"]
    if rounds[-1]["challengeName"] == "SRP_A":
        event["response"]["challengeName"] = "PASSWORD_VERIFIER"
    else:
        event["response"]["issueTokens"] = rounds[-1]["challengeName"] == "PASSWORD_VERIFIER"
        event["response"]["failAuthentication"] = not event["response"]["issueTokens"]
    return event


def with_sms(people, mode="OPTIONAL"):
    people.house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration=mode, SmsMfaConfiguration={"SmsConfiguration": SMS}
    )
    people.alice(phone_number="+15550100001", phone_number_verified="true")
    people.house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="alice", SMSMfaSettings={"Enabled": True}
    )


def show_sms(people, asked):
    code = people.house.code("+15550100001")
    return people.respond("SMS_MFA", asked["Session"], USERNAME="alice", SMS_MFA_CODE=code)


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
def test_a_password_does_not_lead_around_the_second_factor_through_the_pools_own_course(triggered, mode):
    people = triggered(**{**QUESTION, "DefineAuthChallenge": after_password})
    with_sms(people, mode)

    asked = by_password(people)

    assert asked["ChallengeName"] == "SMS_MFA"
    assert people.sessions() == 0
    assert show_sms(people, asked)["AuthenticationResult"]["AccessToken"]
    assert [len(event["request"]["session"]) for event in people.told] == [1, 2]


def test_a_question_after_the_password_does_not_stand_for_the_second_factor(triggered):
    people = triggered(**QUESTION)
    with_sms(people)

    asked = answer(people, by_password(people), "8")

    assert asked["ChallengeName"] == "SMS_MFA"
    assert refusal(people.respond, "CUSTOM_CHALLENGE", asked["Session"], USERNAME="alice", ANSWER="8").name
    assert show_sms(people, asked)["AuthenticationResult"]["AccessToken"]


def test_who_must_have_a_second_factor_sets_one_up_after_the_password(triggered):
    people = triggered(**{**QUESTION, "DefineAuthChallenge": after_password})
    people.house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    people.alice()

    assert by_password(people)["ChallengeName"] == "MFA_SETUP"


def test_a_password_and_the_word_of_a_trigger_are_not_two_factors(triggered):
    people = triggered(
        pool={"UserPoolTags": {"lido:strength_claims": "true"}}, **{**QUESTION, "DefineAuthChallenge": after_password}
    )
    people.alice()

    assert claims(by_password(people)["AuthenticationResult"]["AccessToken"])["amr"] == ["pwd"]


def long(event):
    """A question of which so much is kept that the session rests in a table."""
    event["response"] = {"privateChallengeParameters": {"answer": "8", "filling": "s" * 2_000}}
    return event


@pytest.mark.parametrize("create", [QUESTION["CreateAuthChallenge"], long], ids=["carried", "stored"])
def test_a_question_is_worth_nothing_elsewhere_and_its_right_answer_goes_on(triggered, create):
    people, foreign = (triggered(**{**QUESTION, "CreateAuthChallenge": create}) for _ in range(2))
    house, sister = people.house, people.house.app(people.pool_id, ExplicitAuthFlows=FLOWS)["ClientId"]
    people.alice()
    foreign.alice()
    house.user(people.pool_id, "mallory")
    session = begin(people)["Session"]
    _, blob = progress.read(session)
    people.told.clear()

    def attack(client_id, text=session, name="CUSTOM_CHALLENGE", username="alice"):
        return house.idp_unsigned.respond_to_auth_challenge(
            ClientId=client_id,
            ChallengeName=name,
            Session=text,
            ChallengeResponses={"USERNAME": username, "ANSWER": "8", "PASSWORD": PASSWORD, "SMS_MFA_CODE": "8"},
        )

    for client_id in (sister, foreign.client_id):
        assert refusal(attack, client_id).name == "NotAuthorized"
        assert refusal(attack, client_id, progress.write(client_id, blob)).name == "NotAuthorized"
    assert refusal(attack, people.client_id, username="mallory").name == "NotAuthorized"
    for name in ("SMS_MFA", "SELECT_CHALLENGE", "PASSWORD", "NEW_PASSWORD_REQUIRED"):
        assert refusal(attack, people.client_id, name=name).name in {"NotAuthorized", "InvalidParameter"}
    assert people.told == []
    assert attack(people.client_id)["AuthenticationResult"]["AccessToken"]
    assert refusal(attack, people.client_id).name == "NotAuthorized"
    assert (people.sessions(), foreign.sessions()) == (1, 0)


def test_of_one_right_answer_given_many_times_at_once_one_signs_in(triggered):
    people = triggered(**QUESTION, PostAuthentication=lambda event: event)
    people.house.clock.sleep = lambda _seconds: None
    people.alice()
    begun = begin(people)

    def try_it(_number):
        try:
            return "in" if answer(people, begun, "8") else ""
        except ClientError:
            return "out"

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(try_it, range(50))).count("in") == 1
    assert people.sessions() == 1


def test_whom_a_trigger_disables_or_deletes_meanwhile_gets_no_token(triggered):
    people = triggered(**QUESTION, PreTokenGeneration=lambda event: event)
    who = {"UserPoolId": people.pool_id, "Username": "alice"}
    operator = people.house.idp
    for deed in (operator.admin_disable_user, operator.admin_user_global_sign_out, operator.admin_delete_user):
        people.alice()
        begun = begin(people)
        people.functions["PreTokenGeneration"] = lambda event, deed=deed: deed(**who) and event

        assert refusal(answer, people, begun, "8").name == "NotAuthorized"
        assert people.sessions() == 0
        if deed != operator.admin_delete_user:
            operator.admin_delete_user(**who)


def test_a_client_that_says_it_begins_with_a_password_is_not_let_in_by_saying_so(triggered):
    def by_last_result(event):
        rounds = event["request"]["session"]
        event["response"]["issueTokens"] = bool(rounds) and rounds[-1]["challengeResult"]
        event["response"]["challengeName"] = "CUSTOM_CHALLENGE"
        return event

    people = triggered(**{**QUESTION, "DefineAuthChallenge": by_last_result})
    people.alice()
    srp = people.srp()

    for more in ({"SRP_A": srp.get_auth_params()["SRP_A"]}, {}):
        refused = refusal(begin, people, CHALLENGE_NAME="SRP_A", **more)
        assert refused == ("NotAuthorized", "Incorrect username or password.")
    assert people.sessions() == 0
    assert answer(people, begin(people), "8")["AuthenticationResult"]["AccessToken"]
