"""PreSignUp and PostConfirmation, by the operations that ask them."""

from tests.sign_ins import refusal
from tests.triggers.conftest import answering, raising, unchanged


def test_pre_sign_up_is_told_what_was_submitted(triggered):
    people = triggered(PreSignUp=unchanged)

    people.sign_up(ValidationData=[{"Name": "captcha", "Value": "ok"}], ClientMetadata={"campaign": "spring"})

    (event,) = people.told
    assert event == {
        "version": "1",
        "triggerSource": "PreSignUp_SignUp",
        "region": "us-east-1",
        "userPoolId": people.pool_id,
        "userName": "alice",
        "callerContext": {"awsSdkVersion": event["callerContext"]["awsSdkVersion"], "clientId": people.client_id},
        "request": {
            "userAttributes": {"email": "alice@example.com"},
            "validationData": {"captcha": "ok"},
            "clientMetadata": {"campaign": "spring"},
        },
        "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    }


def test_who_is_confirmed_by_the_trigger_gets_no_code_and_is_told_of(triggered):
    people = triggered(PreSignUp=answering(autoConfirmUser=True, autoVerifyEmail=True), PostConfirmation=unchanged)

    answer = people.sign_up(ClientMetadata={"campaign": "spring"})

    assert answer["UserConfirmed"] is True
    assert "CodeDeliveryDetails" not in answer
    assert people.house.messages() == []
    assert people.sources() == ["PreSignUp_SignUp", "PostConfirmation_ConfirmSignUp"]
    request = people.told[1]["request"]
    assert request["clientMetadata"] == {"campaign": "spring"}
    assert request["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert request["userAttributes"]["email_verified"] == "true"
    assert people.sign_in()["AccessToken"]


def test_who_is_not_confirmed_gets_a_code(triggered):
    people = triggered(PreSignUp=unchanged)

    answer = people.sign_up()

    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"]["AttributeName"] == "email"
    assert people.house.code("alice@example.com")


def test_a_veto_is_told_in_its_words_and_nothing_is_stored(triggered):
    people = triggered(PreSignUp=raising("No robots"))

    assert refusal(people.sign_up) == ("UserLambdaValidation", "PreSignUp failed with error No robots.")
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []
    assert people.house.messages() == []


def test_what_the_user_lacks_cannot_be_verified(triggered):
    people = triggered(PreSignUp=answering(autoConfirmUser=True, autoVerifyPhone=True))

    assert refusal(people.sign_up).name == "InvalidLambdaResponse"
    assert people.house.idp.list_users(UserPoolId=people.pool_id)["Users"] == []


def test_a_verified_address_moves_to_its_new_owner(triggered):
    people = triggered(
        pool={"AliasAttributes": ["email"]}, PreSignUp=answering(autoConfirmUser=True, autoVerifyEmail=True)
    )
    people.sign_up("first")
    people.sign_up("second")

    found = people.house.idp.admin_get_user(UserPoolId=people.pool_id, Username="alice@example.com")
    before = people.house.idp.admin_get_user(UserPoolId=people.pool_id, Username="first")

    assert found["Username"] == "second"
    assert {"Name": "email_verified", "Value": "false"} in before["UserAttributes"]


def test_a_taken_name_is_refused_before_the_trigger_hears_of_it(triggered):
    people = triggered(PreSignUp=unchanged)
    people.sign_up()
    people.told.clear()

    assert refusal(people.sign_up).name == "UsernameExists"
    assert people.told == []


def test_a_bad_password_is_refused_before_the_trigger_hears_of_it(triggered):
    people = triggered(PreSignUp=unchanged)

    assert refusal(people.sign_up, Password="short").name == "InvalidPassword"
    assert people.told == []


def test_post_confirmation_follows_the_code(triggered):
    people = triggered(PostConfirmation=unchanged)
    people.sign_up()

    people.house.idp_unsigned.confirm_sign_up(
        ClientId=people.client_id,
        Username="alice",
        ConfirmationCode=people.house.code("alice@example.com"),
        ClientMetadata={"a": "b"},
    )

    (event,) = people.told
    assert event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert event["response"] == {}
    assert event["request"]["clientMetadata"] == {"a": "b"}
    assert event["request"]["userAttributes"]["email_verified"] == "true"
    assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"


def test_a_failing_post_confirmation_is_told_but_undoes_nothing(triggered):
    people = triggered(PostConfirmation=raising("CRM is down"))
    people.sign_up()
    code = people.house.code("alice@example.com")

    refused = refusal(
        people.house.idp_unsigned.confirm_sign_up, ClientId=people.client_id, Username="alice", ConfirmationCode=code
    )

    assert refused == ("UserLambdaValidation", "PostConfirmation failed with error CRM is down.")
    assert people.sign_in()["AccessToken"]


def test_an_operators_word_is_told_without_a_client(triggered):
    people = triggered(PostConfirmation=unchanged)
    people.sign_up()

    people.house.idp.admin_confirm_sign_up(UserPoolId=people.pool_id, Username="alice", ClientMetadata={"a": "b"})

    (event,) = people.told
    assert event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    assert event["request"]["clientMetadata"] == {"a": "b"}


def test_a_user_made_by_an_operator_is_announced_and_the_answer_changes_nothing(triggered):
    people = triggered(PreSignUp=answering(autoConfirmUser=True, autoVerifyEmail=True), PostConfirmation=unchanged)

    made = people.house.idp.admin_create_user(
        UserPoolId=people.pool_id,
        Username="bob",
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}],
        ValidationData=[{"Name": "k", "Value": "v"}],
        ClientMetadata={"a": "b"},
    )["User"]

    (event,) = people.told
    assert event["triggerSource"] == "PreSignUp_AdminCreateUser"
    assert event["request"]["validationData"] == {"k": "v"}
    assert event["request"]["userAttributes"]["email"] == "bob@example.com"
    assert made["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert {"Name": "email_verified", "Value": "true"} not in made["Attributes"]


def test_a_new_password_after_a_reset_is_told(triggered):
    people = triggered(PostConfirmation=unchanged)
    people.alice(email="alice@example.com", email_verified="true")
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="alice")

    people.house.idp_unsigned.confirm_forgot_password(
        ClientId=people.client_id,
        Username="alice",
        ConfirmationCode=people.house.code("alice@example.com"),
        Password="An0ther!pass",
        ClientMetadata={"a": "b"},
    )

    (event,) = people.told
    assert event["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"
    assert event["request"]["clientMetadata"] == {"a": "b"}
