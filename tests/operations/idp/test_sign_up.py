import hashlib
import hmac
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

EMAIL = {"AutoVerifiedAttributes": ["email"]}
SMS = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms"}
PASSWORD = "Passw0rd!"


def refused(call, **arguments):
    """The refusal of a call: its name and its sentence."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def pairs(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def sign_up(house, app, username="alice", password=PASSWORD, **attributes):
    return house.idp_unsigned.sign_up(
        ClientId=app["ClientId"], Username=username, Password=password, UserAttributes=pairs(**attributes)
    )


def confirm(house, app, username="alice", code=None, **more):
    code = code or house.messages()[-1]["code"]
    return house.idp_unsigned.confirm_sign_up(
        ClientId=app["ClientId"], Username=username, ConfirmationCode=code, **more
    )


def described(house, pool, username="alice"):
    user = house.idp.admin_get_user(UserPoolId=pool, Username=username)
    return user["UserStatus"], {each["Name"]: each["Value"] for each in user["UserAttributes"]}


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.fixture
def pool(house):
    return house.pool(**EMAIL)


@pytest.fixture
def app(house, pool):
    return house.app(pool)


def test_a_person_signs_up_and_confirms_with_the_code_of_the_message(house, pool, app):
    answer = sign_up(house, app, email="alice@example.com")
    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "AttributeName": "email",
        "DeliveryMedium": "EMAIL",
        "Destination": "a***@e***",
    }
    [message] = house.messages("alice@example.com")
    assert message["source"] == "SignUp"
    assert message["subject"] == "Your verification code"
    assert message["html"] == f"Your verification code is {message['code']}. "
    status, attributes = described(house, pool)
    assert (status, attributes["email_verified"], attributes["sub"]) == ("UNCONFIRMED", "false", answer["UserSub"])
    confirm(house, app)
    status, attributes = described(house, pool)
    assert (status, attributes["email_verified"]) == ("CONFIRMED", "true")


def test_a_message_says_what_the_pool_wants_said(house):
    template = {
        "EmailMessage": "<b>{####}</b> & {username}",
        "EmailSubject": "Code {####}",
        "SmsMessage": "{####} it is",
    }
    pool = house.pool(**EMAIL, VerificationMessageTemplate=template)
    sign_up(house, house.app(pool), email="a@example.com")
    [message] = house.messages()
    assert message["html"] == f"<b>{message['code']}</b> & {{username}}"
    assert message["text"] == f"{message['code']} & {{username}}"
    assert message["subject"] == f"Code {message['code']}"


def test_a_text_message_wins_where_both_addresses_are_verified(house):
    pool = house.pool(AutoVerifiedAttributes=["email", "phone_number"], SmsConfiguration=SMS)
    answer = sign_up(house, house.app(pool), email="a@example.com", phone_number="+14255550100")
    assert answer["CodeDeliveryDetails"] == {
        "AttributeName": "phone_number",
        "DeliveryMedium": "SMS",
        "Destination": "+*******0100",
    }
    [message] = house.messages()
    assert (message["to"], message["medium"]) == ("+14255550100", "SMS")


@pytest.mark.parametrize(("settings", "attributes"), [({}, {"email": "a@example.com"}), (EMAIL, {})])
def test_no_code_is_sent_when_there_is_nothing_to_verify(house, settings, attributes):
    pool = house.pool(**settings)
    assert "CodeDeliveryDetails" not in sign_up(house, house.app(pool), **attributes)
    assert house.messages() == []


def test_a_used_code_is_refused(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    confirm(house, app)
    assert refused(confirm, house=house, app=app) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )


def test_a_wrong_code_is_refused_and_the_right_one_still_works(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    right = house.messages()[-1]["code"]
    for code in (wrong(right), "nocode", right + "0", "\uff10" * 6):
        assert refused(confirm, house=house, app=app, code=code) == (
            "CodeMismatchException",
            "Invalid verification code provided, please try again.",
        )
    confirm(house, app, code=right)


def test_a_code_lives_a_day(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    house.clock.advance(hours=24)
    expired = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
    assert refused(confirm, house=house, app=app) == expired


def test_a_user_without_code_has_none_to_guess(house):
    app = house.app(house.pool())
    sign_up(house, app)
    assert refused(confirm, house=house, app=app, code="123456")[0] == "ExpiredCodeException"


def test_a_resent_code_replaces_the_one_before(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    first = house.messages()[-1]["code"]
    again = house.idp_unsigned.resend_confirmation_code(ClientId=app["ClientId"], Username="alice")
    assert again["CodeDeliveryDetails"]["Destination"] == "a***@e***"
    assert house.messages()[-1]["source"] == "ResendCode"
    if first != house.messages()[-1]["code"]:
        assert refused(confirm, house=house, app=app, code=first)[0] == "CodeMismatchException"
    confirm(house, app)
    assert refused(house.idp_unsigned.resend_confirmation_code, ClientId=app["ClientId"], Username="alice") == (
        "InvalidParameterException",
        "User is already confirmed.",
    )


def test_codes_are_resent_five_times_an_hour(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    asked = {"ClientId": app["ClientId"], "Username": "alice"}
    for _ in range(5):
        house.idp_unsigned.resend_confirmation_code(**asked)
    assert refused(house.idp_unsigned.resend_confirmation_code, **asked) == (
        "LimitExceededException",
        "Attempt limit exceeded, please try after some time.",
    )
    assert len(house.messages()) == 6
    house.clock.advance(hours=1)
    house.idp_unsigned.resend_confirmation_code(**asked)


def test_two_hundred_parallel_guesses_are_fifteen_and_a_new_code_refills_nothing(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    guess = wrong(house.messages()[-1]["code"])

    def try_it(_):
        return refused(confirm, house=house, app=app, code=guess)[0]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(try_it, range(200)))
    assert answers.count("CodeMismatchException") == 15
    assert answers.count("LimitExceededException") == 185
    house.idp_unsigned.resend_confirmation_code(ClientId=app["ClientId"], Username="alice")
    assert refused(confirm, house=house, app=app)[0] == "LimitExceededException"
    house.clock.advance(hours=1)
    confirm(house, app)


def test_of_many_confirmations_with_one_code_one_succeeds(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    code = house.messages()[-1]["code"]

    def try_it(_):
        try:
            confirm(house, app, code=code)
        except ClientError as error:
            return error.response["Error"]["Code"]
        return "confirmed"

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(try_it, range(12)))
    assert answers.count("confirmed") == 1
    assert set(answers) <= {"confirmed", "ExpiredCodeException", "NotAuthorizedException"}


def test_of_many_sign_ups_of_one_name_one_wins(house, pool, app):
    def try_it(number):
        try:
            return sign_up(house, app, email=f"a{number}@example.com")["UserSub"]
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(try_it, range(64)))
    winners = [answer for answer in answers if answer != "UsernameExistsException"]
    assert len(winners) == 1
    assert described(house, pool)[1]["sub"] == winners[0]
    assert len(house.messages()) == 1


def test_a_name_is_taken_once_whatever_its_case_where_case_is_ignored(house):
    exists = ("UsernameExistsException", "User already exists")
    lax = house.app(house.pool(UsernameConfiguration={"CaseSensitive": False}))
    sign_up(house, lax, "Alice")
    assert refused(sign_up, house=house, app=lax, username="aLICE") == exists
    strict = house.app(house.pool())
    sign_up(house, strict, "Alice")
    sign_up(house, strict, "alice")
    assert refused(sign_up, house=house, app=strict, username="alice") == exists


def test_nobody_may_be_called_like_somebodys_sub(house, app):
    sub = sign_up(house, app)["UserSub"]
    assert refused(sign_up, house=house, app=app, username=sub)[0] == "UsernameExistsException"


def test_where_usernames_are_addresses_the_sub_is_the_username(house):
    pool = house.pool(UsernameAttributes=["email"], **EMAIL)
    app = house.app(pool)
    sub = sign_up(house, app, "alice@example.com")["UserSub"]
    found = house.idp.admin_get_user(UserPoolId=pool, Username="alice@example.com")
    assert found["Username"] == sub
    assert described(house, pool, sub)[1]["email"] == "alice@example.com"
    assert refused(sign_up, house=house, app=app, username="alice@example.com") == (
        "UsernameExistsException",
        "An account with the given email already exists.",
    )
    assert refused(sign_up, house=house, app=app, username="alice") == (
        "InvalidParameterException",
        "Username should be an email.",
    )
    assert refused(sign_up, house=house, app=app, username="b@example.com", email="c@example.com") == (
        "InvalidParameterException",
        "User email should be empty or same as username, since username attribute is email",
    )
    confirm(house, app, "alice@example.com")
    assert described(house, pool, sub)[0] == "CONFIRMED"


@pytest.fixture
def aliases(house):
    return house.pool(AliasAttributes=["email", "phone_number", "preferred_username"], **EMAIL)


def test_an_alias_belongs_to_the_first_who_proves_it(house, aliases):
    app = house.app(aliases)
    sign_up(house, app, "first", email="a@example.com")
    sign_up(house, app, "second", email="a@example.com")
    second, first = house.messages()[-1]["code"], house.messages()[-2]["code"]
    confirm(house, app, "first", first)
    assert house.idp.admin_get_user(UserPoolId=aliases, Username="a@example.com")["Username"] == "first"
    taken = ("AliasExistsException", "An account with the email already exists.")
    assert refused(confirm, house=house, app=app, username="second", code=second) == taken
    assert described(house, aliases, "second")[0] == "UNCONFIRMED"
    confirm(house, app, "second", second, ForceAliasCreation=True)
    assert house.idp.admin_get_user(UserPoolId=aliases, Username="a@example.com")["Username"] == "second"
    status, attributes = described(house, aliases, "first")
    assert (status, attributes["email"], attributes["email_verified"]) == ("CONFIRMED", "a@example.com", "false")
    assert described(house, aliases, "second")[1]["email_verified"] == "true"


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        ("b@example.com", "Username cannot be of email format, since user pool is configured for email alias."),
        (
            "+14255550100",
            "Username cannot be of phone number format, since user pool is configured for phone number alias.",
        ),
    ],
)
def test_a_username_is_no_address_where_addresses_are_aliases(house, aliases, username, sentence):
    answer = refused(sign_up, house=house, app=house.app(aliases), username=username)
    assert answer == ("InvalidParameterException", sentence)


def test_a_preferred_username_that_is_an_alias_waits_for_confirmation(house, aliases):
    answer = refused(sign_up, house=house, app=house.app(aliases), preferred_username="al")
    assert answer[0] == "InvalidParameterException"


def test_a_code_proves_only_the_address_that_it_was_sent_to(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    code = house.messages()[-1]["code"]
    house.idp.admin_update_user_attributes(
        UserPoolId=pool, Username="alice", UserAttributes=pairs(email="mallory@example.com")
    )
    confirm(house, app, code=code)
    assert described(house, pool)[1]["email_verified"] == "false"


def test_an_operator_confirms_without_proving_the_address(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    named = {"UserPoolId": pool, "Username": "alice"}
    house.idp.admin_confirm_sign_up(**named)
    status, attributes = described(house, pool)
    assert (status, attributes["email_verified"]) == ("CONFIRMED", "false")
    assert refused(house.idp.admin_confirm_sign_up, **named) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )
    assert refused(house.idp.admin_confirm_sign_up, UserPoolId=pool, Username="nobody") == (
        "UserNotFoundException",
        "User does not exist.",
    )


def test_a_pool_of_operators_takes_no_sign_up(house):
    pool = house.pool(AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert refused(sign_up, house=house, app=house.app(pool)) == (
        "NotAuthorizedException",
        "SignUp is not permitted for this user pool",
    )


@pytest.mark.parametrize(
    ("password", "tail"),
    [
        ("Sh0rt!", "Password not long enough"),
        ("passw0rd!", "Password must have uppercase characters"),
        ("PASSW0RD!", "Password must have lowercase characters"),
        ("Password!", "Password must have numeric characters"),
        ("Passw0rds", "Password must have symbol characters"),
    ],
)
def test_a_password_conforms_to_the_policy(house, app, password, tail):
    answer = refused(sign_up, house=house, app=app, password=password)
    assert answer == ("InvalidPasswordException", f"Password did not conform with policy: {tail}")


@pytest.mark.parametrize("password", ["Aa1!" * 65, "Passw0rd!\ud800"])
def test_an_endless_or_broken_password_is_no_password(house, app, password):
    assert refused(sign_up, house=house, app=app, password=password)[0] in (
        "InvalidParameterException",
        "SerializationException",
    )


@pytest.mark.parametrize(
    ("attributes", "answer"),
    [
        ({"email_verified": "true"}, ("NotAuthorizedException", "A client attempted to write unauthorized attribute")),
        ({"sub": "1"}, ("NotAuthorizedException", "A client attempted to write unauthorized attribute")),
        ({"identities": "[]"}, ("NotAuthorizedException", "A client attempted to write unauthorized attribute")),
        ({"cognito:groups": "a"}, ("NotAuthorizedException", "A client attempted to write unauthorized attribute")),
        (
            {"custom:x": "1"},
            (
                "InvalidParameterException",
                "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n",
            ),
        ),
        ({"phone_number": "123"}, ("InvalidParameterException", "Invalid phone number format.")),
        ({"email": "a@b, c@d"}, ("InvalidParameterException", "Invalid email address format.")),
        (
            {"email": "a@example.com\nBcc: b@example.com"},
            ("InvalidParameterException", "Invalid email address format."),
        ),
    ],
)
def test_people_write_only_attributes_that_exist_and_are_theirs(house, app, attributes, answer):
    assert refused(sign_up, house=house, app=app, **attributes) == answer


def test_required_attributes_are_required(house):
    pool = house.pool(Schema=[{"Name": "email", "Required": True}])
    assert refused(sign_up, house=house, app=house.app(pool)) == (
        "InvalidParameterException",
        "Attributes did not conform to the schema: email: The attribute is required\n",
    )


def test_a_client_with_a_secret_proves_it(house, pool):
    app = house.app(pool, GenerateSecret=True)
    assert refused(sign_up, house=house, app=app) == (
        "NotAuthorizedException",
        f"Client {app['ClientId']} is configured with secret but SECRET_HASH was not received",
    )
    message = ("alice" + app["ClientId"]).encode()
    proof = b64encode(hmac.digest(app["ClientSecret"].encode(), message, hashlib.sha256)).decode()
    given = {"ClientId": app["ClientId"], "Username": "alice", "Password": PASSWORD}
    house.idp_unsigned.sign_up(SecretHash=proof, **given)
    assert refused(house.idp_unsigned.sign_up, SecretHash="A" * 44, **given)[0] == "NotAuthorizedException"


def test_a_trigger_that_cannot_run_is_not_skipped(house):
    pool = house.pool(LambdaConfig={"PreSignUp": "arn:aws:lambda:us-east-1:123456789012:function:f"})
    assert refused(sign_up, house=house, app=house.app(pool))[0] == "UnexpectedLambdaException"
    assert house.idp.list_users(UserPoolId=pool)["Users"] == []


def test_where_existence_is_no_secret_unknown_users_are_named_so(house, app):
    unknown = ("UserNotFoundException", "Username/client id combination not found.")
    assert refused(confirm, house=house, app=app, code="123456") == unknown
    named = {"ClientId": app["ClientId"], "Username": "alice"}
    assert refused(house.idp_unsigned.resend_confirmation_code, **named) == unknown


def test_where_existence_is_secret_unknown_users_look_like_unconfirmed_ones(house, pool):
    app = house.app(pool, PreventUserExistenceErrors="ENABLED")
    named = {"ClientId": app["ClientId"], "Username": "bob@example.com"}
    first = house.idp_unsigned.resend_confirmation_code(**named)["CodeDeliveryDetails"]
    assert first == {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "b***@e***"}
    named["Username"] = "nobody"
    answers = [house.idp_unsigned.resend_confirmation_code(**named)["CodeDeliveryDetails"] for _ in range(5)]
    assert all(answer == answers[0] for answer in answers)
    assert refused(house.idp_unsigned.resend_confirmation_code, **named)[0] == "LimitExceededException"
    assert house.messages() == []
    guesses = [refused(confirm, house=house, app=app, username="nobody", code="123456")[0] for _ in range(16)]
    assert guesses == ["CodeMismatchException"] * 15 + ["LimitExceededException"]


def test_a_recreated_user_has_no_use_for_the_old_code(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    code = house.messages()[-1]["code"]
    house.idp.admin_delete_user(UserPoolId=pool, Username="alice")
    sign_up(house, app)
    assert refused(confirm, house=house, app=app, code=code)[0] == "ExpiredCodeException"


def test_codes_do_not_outlive_disabling(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    house.idp.admin_disable_user(UserPoolId=pool, Username="alice")
    assert refused(confirm, house=house, app=app)[0] == "ExpiredCodeException"


def test_codes_and_messages_are_unreadable_at_rest(house, pool, app):
    sign_up(house, app, email="alice@example.com")
    code = house.messages()[-1]["code"].encode()
    with house.database.read() as tx:
        [(digest,)] = tx.rows("SELECT digest FROM codes")
        [(body, recipient)] = tx.rows("SELECT body, recipient_key FROM messages")
        facts = tx.rows("SELECT body FROM events")
    assert code not in bytes(digest)
    assert code not in bytes(body)
    assert b"alice@" not in bytes(body)
    assert "alice" not in recipient
    assert not any("alice@" in fact or code.decode() in fact for (fact,) in facts)


def test_in_a_secure_pool_not_even_confirmed_users_can_be_told_from_nobody(house):
    pool = house.pool(**EMAIL, UserPoolTags={"lido:profile": "secure"})
    app = house.app(pool)
    sign_up(house, app, password="c0rrect-Horse-battery", email="alice@example.com")
    confirm(house, app)
    for name in ("alice", "nobody"):
        assert refused(confirm, house=house, app=app, username=name, code="123456") == (
            "CodeMismatchException",
            "Invalid verification code provided, please try again.",
        )
        again = house.idp_unsigned.resend_confirmation_code(ClientId=app["ClientId"], Username=name)
        assert again["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert len(house.messages()) == 1


def test_where_people_sign_in_by_code_a_password_is_not_needed(house):
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool = house.pool(**EMAIL, Policies=policies)
    app = house.app(pool)
    house.idp_unsigned.sign_up(
        ClientId=app["ClientId"], Username="alice", UserAttributes=pairs(email="alice@example.com")
    )
    confirm(house, app)
    assert described(house, pool)[0] == "CONFIRMED"
    strict = house.app(house.pool())
    assert refused(house.idp_unsigned.sign_up, ClientId=strict["ClientId"], Username="alice") == (
        "InvalidPasswordException",
        "Password did not conform with policy: Password not long enough",
    )
