"""Codes as second factor, over SMS and e-mail: asked for, chosen, guessed, re-sent, set up."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, claims, refusal
from tests.world import PASSWORD

PHONE, EMAIL = "+15550109934", "alice@example.com"
WRONG = ("CodeMismatch", "Invalid code or auth state for the user.")
INVALID = ("NotAuthorized", "Invalid session for the user.")
EXPIRED = ("NotAuthorized", "Invalid session for the user, session is expired.")
USED = ("NotAuthorized", "Invalid session for the user, session can only be used once.")
TOO_MANY = ("TooManyRequests", "Attempt limit exceeded, please try after some time.")
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sns"}
SES = {"EmailSendingAccount": "DEVELOPER", "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/example.com"}


class Coded(People):
    """A pool where codes are second factors; alice has the addresses and the factors that are named."""

    def __init__(self, house, mode="OPTIONAL", factors=("SMS",), *, preferred=None, verified="true", **app):
        super().__init__(house, pool={"EmailConfiguration": SES}, **app)
        self.configure(mode)
        self.alice(email=EMAIL, email_verified=verified, phone_number=PHONE, phone_number_verified=verified)
        self.prefer(*factors, preferred=preferred)

    def configure(self, mode, *, sms="Code {####}!", email=True):
        blocks = {
            "SmsMfaConfiguration": {"SmsAuthenticationMessage": sms, "SmsConfiguration": SMS},
            "SoftwareTokenMfaConfiguration": {"Enabled": True},
        }
        if email:
            blocks["EmailMfaConfiguration"] = {"Message": "<b>{####}</b>", "Subject": "Hello"}
        self.house.idp.set_user_pool_mfa_config(UserPoolId=self.pool_id, MfaConfiguration=mode, **blocks)

    def prefer(self, *factors, preferred=None):
        blocks = {f"{name}MfaSettings": {"Enabled": True, "PreferredMfa": name == preferred} for name in factors}
        if blocks:
            self.house.idp.admin_set_user_mfa_preference(UserPoolId=self.pool_id, Username="alice", **blocks)

    def challenged(self, expected="SMS_MFA"):
        """The session that a right password leads to."""
        answer = self.initiate(USERNAME="alice", PASSWORD=PASSWORD)
        assert answer["ChallengeName"] == expected
        assert "AuthenticationResult" not in answer
        return answer["Session"]

    def sms(self, session, code=None, **given):
        return self.respond("SMS_MFA", session, USERNAME="alice", SMS_MFA_CODE=code or self.house.code(PHONE), **given)


def another(code):
    return f"{(int(code) + 1) % 10 ** len(code):0{len(code)}}"


@pytest.fixture
def people(house):
    return Coded(house)


def test_a_code_is_sent_to_the_phone_and_gives_tokens(people):
    answer = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    assert answer["ChallengeName"] == "SMS_MFA"
    assert answer["ChallengeParameters"] == {
        "CODE_DELIVERY_DELIVERY_MEDIUM": "SMS",
        "CODE_DELIVERY_DESTINATION": "+*******9934",
        "USER_ID_FOR_SRP": "alice",
    }
    message = people.house.messages(PHONE)[-1]
    assert (message["source"], message["text"]) == ("Authentication", f"Code {message['code']}!")
    assert len(message["code"]) == 6
    tokens = people.sms(answer["Session"])["AuthenticationResult"]
    assert claims(tokens["AccessToken"])["username"] == "alice"
    assert people.events()[-3:] == ["code_sent", "challenged", "signed_in"]


@pytest.mark.parametrize("name", ["EMAIL_OTP_CODE", "EMAIL_MFA_CODE"])
def test_a_code_is_sent_by_email_in_the_pools_words(house, name):
    people = Coded(house, factors=("Email",))

    answer = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    assert answer["ChallengeName"] == "EMAIL_OTP"
    assert answer["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "a***@e***"
    message = house.messages(EMAIL)[-1]
    assert (message["subject"], message["html"]) == ("Hello", f"<b>{message['code']}</b>")
    given = {"USERNAME": "alice", name: message["code"]}
    assert people.respond("EMAIL_OTP", answer["Session"], **given)["AuthenticationResult"]


def test_srp_leads_to_the_same_second_factor(people):
    srp = people.srp()
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], {"USERNAME": "alice"})

    answer = people.respond("PASSWORD_VERIFIER", **responses)

    assert answer["ChallengeName"] == "SMS_MFA"
    assert people.sms(answer["Session"])["AuthenticationResult"]


def test_operators_answer_for_people_at_their_own_door(people):
    session = people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    answer = {
        "ClientId": people.client_id,
        "ChallengeName": "SMS_MFA",
        "Session": session,
        "ChallengeResponses": {"USERNAME": "alice", "SMS_MFA_CODE": people.house.code(PHONE)},
    }

    assert refusal(people.house.idp_unsigned.respond_to_auth_challenge, **answer) == INVALID
    told = people.house.idp.admin_respond_to_auth_challenge(UserPoolId=people.pool_id, **answer)
    assert told["AuthenticationResult"]


def test_a_wrong_password_sends_nothing(people):
    assert refusal(people.sign_in, password="Wr0ng-password!").name == "NotAuthorized"
    assert people.house.messages(PHONE) == []


# Guessing


def test_a_wrong_code_leaves_the_session_good_for_three_answers(people):
    session = people.challenged()
    code = people.house.code(PHONE)

    assert [refusal(people.sms, session, another(code)) for _ in range(2)] == [WRONG, WRONG]
    assert people.sms(session, code)["AuthenticationResult"]


def test_the_fourth_answer_is_refused_even_if_it_is_right(people):
    session = people.challenged()
    code = people.house.code(PHONE)

    assert [refusal(people.sms, session, text) for text in ("x", another(code), "1" * 2000)] == [WRONG] * 3
    assert refusal(people.sms, session, code) == INVALID
    assert people.sessions() == 0


def test_parallel_guesses_are_judged_three_times(people):
    session = people.challenged()
    wrong = another(people.house.code(PHONE))

    def guess(_):
        try:
            people.sms(session, wrong)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "in"

    with ThreadPoolExecutor(8) as crowd:
        answers = list(crowd.map(guess, range(24)))

    assert answers.count("CodeMismatchException") == 3
    assert set(answers) == {"CodeMismatchException", "NotAuthorizedException"}


def test_choosing_again_gives_no_more_answers(house):
    people = Coded(house, factors=("SMS", "Email"))
    session = people.challenged("SELECT_MFA_TYPE")

    def chosen(factor):
        return people.respond("SELECT_MFA_TYPE", session, USERNAME="alice", ANSWER=factor)["Session"]

    for _ in range(3):
        assert refusal(people.sms, chosen("SMS_MFA"), "000000x") == WRONG
    assert refusal(people.sms, chosen("SMS_MFA")) == INVALID
    by_email = chosen("EMAIL_OTP")
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": house.code(EMAIL)}
    assert refusal(people.respond, "EMAIL_OTP", by_email, **given) == INVALID


def test_signing_in_again_and_again_gives_sixty_tries_an_hour(people):
    with people.house.database.write() as tx:
        tx.run(
            "INSERT INTO budgets (pool_id, subject, kind, used, resets_at) VALUES (:p, :s, 'try:mfa', 60, :t)",
            p=people.pool_id,
            s=people.sub(),
            t=people.house.clock.now() + 1000,
        )
    session = people.challenged()

    assert refusal(people.sms, session) == TOO_MANY
    people.house.clock.advance(seconds=2)
    assert people.sms(session)["AuthenticationResult"]


def test_messages_are_sent_twenty_times_an_hour(people):
    for _ in range(20):
        people.challenged()

    assert refusal(people.sign_in) == TOO_MANY
    assert len(people.house.messages(PHONE)) == 20
    people.house.clock.advance(hours=1)
    assert people.sms(people.challenged())["AuthenticationResult"]


def test_one_address_gets_twenty_messages_an_hour_through_however_many_users(people):
    people.house.user(people.pool_id, "bob", phone_number=PHONE)
    people.house.idp.admin_set_user_mfa_preference(
        UserPoolId=people.pool_id, Username="bob", SMSMfaSettings={"Enabled": True}
    )
    for _ in range(20):
        people.challenged()

    assert refusal(people.sign_in, "bob") == TOO_MANY


# Sessions


def test_a_session_signs_in_once(people):
    session = people.challenged()
    people.sms(session)

    assert refusal(people.sms, session) == USED
    assert people.sessions() == 1


def test_a_code_lives_as_long_as_the_session(house):
    people = Coded(house, AuthSessionValidity=5)
    session = people.challenged()
    house.clock.advance(minutes=5)

    assert refusal(people.sms, session) == EXPIRED


def test_a_code_is_good_for_its_own_session_only(people):
    first = people.challenged()
    old = people.house.code(PHONE)
    second = people.challenged()

    assert refusal(people.sms, second, old) == WRONG
    assert people.sms(first, old)["AuthenticationResult"]


def test_a_session_is_good_for_its_user_step_and_client_only(people, house):
    house.user(people.pool_id, "bob", phone_number=PHONE)
    sibling = People(house)
    sibling.pool_id, sibling.client_id = people.pool_id, house.app(people.pool_id)["ClientId"]
    session = people.challenged()
    code = house.code(PHONE)

    assert refusal(people.respond, "SMS_MFA", session, USERNAME="bob", SMS_MFA_CODE=code) == INVALID
    assert refusal(sibling.respond, "SMS_MFA", session, USERNAME="alice", SMS_MFA_CODE=code) == INVALID
    for step in ("SMS_OTP", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "MFA_SETUP", "SELECT_MFA_TYPE", "PASSWORD"):
        assert refusal(people.respond, step, session, USERNAME="alice", ANSWER="x", SMS_OTP_CODE=code) == INVALID
    assert refusal(people.respond, "RECOVERY_CODE", session, USERNAME="alice").name == "InvalidParameter"
    assert people.sms(session, code)["AuthenticationResult"]


def test_a_missing_code_is_named_and_costs_nothing(people):
    session = people.challenged()

    for _ in range(4):
        assert refusal(people.respond, "SMS_MFA", session, USERNAME="alice") == (
            "InvalidParameter",
            "Missing required parameter SMS_MFA_CODE",
        )
    assert people.sms(session)["AuthenticationResult"]


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda idp, who: idp.admin_disable_user(**who),
        lambda idp, who: idp.admin_user_global_sign_out(**who),
        lambda idp, who: idp.admin_set_user_password(**who, Password="Passw0rd!2", Permanent=True),
        lambda idp, who: idp.admin_delete_user(**who),
        lambda idp, who: idp.admin_set_user_mfa_preference(
            **who, EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
        ),
        lambda idp, who: idp.admin_update_user_attributes(
            **who, UserAttributes=[{"Name": "phone_number", "Value": "+15550100000"}]
        ),
    ],
    ids=["disabled", "signed out", "new password", "deleted", "another factor", "another phone"],
)
def test_a_session_ends_when_the_account_changes(people, meanwhile):
    session = people.challenged()
    meanwhile(people.house.idp, {"UserPoolId": people.pool_id, "Username": "alice"})

    assert refusal(people.sms, session).name in ("NotAuthorized", "CodeMismatch")
    assert people.sessions() == 0


# Which factor is asked for


def test_of_several_factors_the_person_chooses(house):
    people = Coded(house, factors=("SMS", "Email"))
    answer = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)

    assert answer["ChallengeName"] == "SELECT_MFA_TYPE"
    assert json.loads(answer["ChallengeParameters"]["MFAS_CAN_CHOOSE"]) == ["SMS_MFA", "EMAIL_OTP"]
    assert house.messages() == []
    for foreign in ("SOFTWARE_TOKEN_MFA", "WEB_AUTHN", "PASSWORD", "x"):
        refused = refusal(people.respond, "SELECT_MFA_TYPE", answer["Session"], USERNAME="alice", ANSWER=foreign)
        assert refused.name == "InvalidParameter"
    chosen = people.respond("SELECT_MFA_TYPE", answer["Session"], USERNAME="alice", ANSWER="EMAIL_OTP")
    assert chosen["ChallengeName"] == "EMAIL_OTP"
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": house.code(EMAIL)}
    assert people.respond("EMAIL_OTP", chosen["Session"], **given)["AuthenticationResult"]


def test_the_preferred_factor_is_asked_for(house):
    Coded(house, factors=("SMS", "Email"), preferred="Email").challenged("EMAIL_OTP")


def test_in_a_pool_that_requires_mfa_a_phone_number_is_enough(house):
    people = Coded(house, "ON", factors=())

    assert people.sms(people.challenged())["AuthenticationResult"]


def test_a_pool_without_mfa_asks_for_none(house):
    people = Coded(house)
    house.idp.set_user_pool_mfa_config(UserPoolId=people.pool_id, MfaConfiguration="OFF")

    assert people.sign_in()


def test_a_new_password_comes_before_the_second_factor(people):
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password="Temp0rary!", Permanent=False
    )
    session = people.initiate(USERNAME="alice", PASSWORD="Temp0rary!")["Session"]
    assert people.house.messages(PHONE) == []

    answer = people.respond("NEW_PASSWORD_REQUIRED", session, USERNAME="alice", NEW_PASSWORD=PASSWORD)

    assert answer["ChallengeName"] == "SMS_MFA"
    assert "AuthenticationResult" not in answer
    assert people.sms(answer["Session"])["AuthenticationResult"]


def test_the_code_proves_the_address_that_received_it(house):
    people = Coded(house, verified="false")

    token = people.sms(people.challenged())["AuthenticationResult"]["IdToken"]

    assert claims(token)["phone_number_verified"] is True
    user = house.idp.admin_get_user(UserPoolId=people.pool_id, Username="alice")
    attributes = {a["Name"]: a["Value"] for a in user["UserAttributes"]}
    assert (attributes["phone_number_verified"], attributes["email_verified"]) == ("true", "false")


def test_a_trigger_that_has_a_say_in_messages_is_never_skipped(people):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    people.house.idp.update_user_pool(
        UserPoolId=people.pool_id, LambdaConfig={"CustomMessage": arn}, EmailConfiguration=SES, SmsConfiguration=SMS
    )

    assert refusal(people.sign_in).name == "UnexpectedLambda"


# MFA_SETUP


@pytest.fixture
def newcomer(house):
    people = People(house, pool={"EmailConfiguration": SES})
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id,
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        EmailMfaConfiguration={},
    )
    people.alice()
    return people


def test_an_email_address_is_set_up_as_factor(newcomer):
    answer = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)
    assert answer["ChallengeName"] == "MFA_SETUP"
    assert json.loads(answer["ChallengeParameters"]["MFAS_CAN_SETUP"]) == ["SOFTWARE_TOKEN_MFA", "EMAIL_OTP"]

    asked = newcomer.respond("MFA_SETUP", answer["Session"], USERNAME="alice", EMAIL=EMAIL)
    assert (asked["ChallengeName"], "AuthenticationResult" in asked) == ("EMAIL_OTP", False)
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": newcomer.house.code(EMAIL)}
    token = newcomer.respond("EMAIL_OTP", asked["Session"], **given)["AuthenticationResult"]["IdToken"]

    assert (claims(token)["email"], claims(token)["email_verified"]) == (EMAIL, True)
    again = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)
    assert again["ChallengeName"] == "EMAIL_OTP"


def test_setting_up_needs_something_to_set_up(newcomer):
    session = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]

    for given in ({}, {"EMAIL": "nonsense"}):
        assert refusal(newcomer.respond, "MFA_SETUP", session, USERNAME="alice", **given).name == "InvalidParameter"
    assert newcomer.sessions() == 0


def test_a_verified_address_is_the_only_one_to_set_up(newcomer):
    newcomer.house.idp.admin_update_user_attributes(
        UserPoolId=newcomer.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": EMAIL}, {"Name": "email_verified", "Value": "true"}],
    )
    session = newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]

    refused = refusal(newcomer.respond, "MFA_SETUP", session, USERNAME="alice", EMAIL="thief@example.com")

    assert refused.name == "InvalidParameter"
    assert newcomer.house.messages() == []
    asked = newcomer.respond("MFA_SETUP", session, USERNAME="alice", EMAIL=EMAIL)
    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": newcomer.house.code(EMAIL)}
    assert "AuthenticationResult" in newcomer.respond("EMAIL_OTP", asked["Session"], **given)
    # It is a factor from now on, although nothing about the address had to change.
    assert newcomer.initiate(USERNAME="alice", PASSWORD=PASSWORD)["ChallengeName"] == "EMAIL_OTP"
