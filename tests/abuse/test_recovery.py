"""Sign-up, recovery and change of attributes: no proof is skipped, used twice, or given by the wrong hand."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.sign_ins import People, refusal
from tests.tokens import access_token
from tests.world import PASSWORD, World

NEW = "New-Passw0rd!"


@pytest.fixture
def people(house: World) -> People:
    pool = {
        "AliasAttributes": ["email", "preferred_username"],
        "AutoVerifiedAttributes": ["email"],
        "Schema": [{"Name": "role", "AttributeDataType": "String"}],
    }
    people = People(house, pool=pool, PreventUserExistenceErrors="ENABLED")
    people.alice(email="alice@example.com", email_verified="true")
    return people


def forgot(people: People, username: str = "alice") -> str:
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username=username)
    return people.house.code("alice@example.com")


def reset(people: People, code: str, username: str = "alice", password: str = NEW) -> None:
    people.house.idp_unsigned.confirm_forgot_password(
        ClientId=people.client_id, Username=username, ConfirmationCode=code, Password=password
    )


def test_a_reset_code_raced_by_fifty_sets_one_password(people: People) -> None:
    code = forgot(people)

    def attempt(number: int) -> str:
        try:
            reset(people, code, password=f"New-Passw0rd-{number}!")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return f"New-Passw0rd-{number}!"

    with ThreadPoolExecutor(10) as workers:
        answers = list(workers.map(attempt, range(50)))
    won = [answer for answer in answers if answer.startswith("New-")]

    assert len(won) == 1
    assert people.sign_in(password=won[0])
    assert not any(answer.startswith("Internal") for answer in answers)


def test_a_reset_code_is_worth_nothing_after_another_was_asked_for(people: People) -> None:
    first = forgot(people)
    second = forgot(people)
    assert first == second or refusal(reset, people, first).name == "CodeMismatch"
    reset(people, second)


def test_a_reset_code_is_worth_nothing_for_another_user_or_purpose(people: People) -> None:
    house = people.house
    house.user(people.pool_id, "mallory", email="mallory@example.com", email_verified="true")
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="mallory")
    code = forgot(people)
    token = access_token(house, people.pool_id, people.client_id, "alice")

    if code != house.code("mallory@example.com"):
        assert refusal(reset, people, code, "mallory").name == "CodeMismatch"
    proof = {"AccessToken": token, "AttributeName": "email", "Code": code}
    assert refusal(house.idp_unsigned.verify_user_attribute, **proof).name in ("CodeMismatch", "ExpiredCode")
    confirmation = {"ClientId": people.client_id, "Username": "alice", "ConfirmationCode": code}
    assert refusal(house.idp_unsigned.confirm_sign_up, **confirmation).name in ("CodeMismatch", "NotAuthorized")
    reset(people, code)


def test_a_reset_code_dies_with_the_account_and_with_a_password_set_meanwhile(people: People) -> None:
    code = forgot(people)
    people.house.idp.admin_set_user_password(
        UserPoolId=people.pool_id, Username="alice", Password=PASSWORD, Permanent=True
    )
    assert refusal(reset, people, code).name in ("CodeMismatch", "ExpiredCode")

    code = forgot(people)
    people.house.idp.admin_disable_user(UserPoolId=people.pool_id, Username="alice")
    people.house.idp.admin_enable_user(UserPoolId=people.pool_id, Username="alice")
    assert refusal(reset, people, code).name in ("CodeMismatch", "ExpiredCode")


def test_a_reset_code_that_went_to_an_address_given_up_resets_nothing(people: People) -> None:
    code = forgot(people)
    people.house.idp.admin_update_user_attributes(
        UserPoolId=people.pool_id,
        Username="alice",
        UserAttributes=[{"Name": "email", "Value": "new@example.com"}, {"Name": "email_verified", "Value": "true"}],
    )
    assert refusal(reset, people, code).name in ("CodeMismatch", "ExpiredCode")
    assert people.sign_in()


def test_a_reset_does_not_get_around_the_second_factor(house: World) -> None:
    people = People(house, pool={"AutoVerifiedAttributes": ["email"]})
    people.alice(email="alice@example.com", email_verified="true")
    house.idp.set_user_pool_mfa_config(
        UserPoolId=people.pool_id,
        SoftwareTokenMfaConfiguration={"Enabled": True},
        MfaConfiguration="ON",
    )
    reset(people, forgot(people))

    try:
        answer = people.initiate(USERNAME="alice", PASSWORD=NEW)
    except ClientError:
        return
    assert "AuthenticationResult" not in answer


HIDDEN_GIFTS = [
    "email_verified",
    "phone_number_verified",
    "sub",
    "identities",
    "cognito:user_status",
    "dev:custom:role",
]


@pytest.mark.parametrize("name", HIDDEN_GIFTS)
def test_nobody_gives_himself_what_only_others_may_give(people: People, name: str) -> None:
    gift = [{"Name": "email", "Value": "mallory@example.com"}, {"Name": name, "Value": "true"}]
    unsigned = people.house.idp_unsigned
    signing_up = {"ClientId": people.client_id, "Username": "mallory", "Password": PASSWORD, "UserAttributes": gift}
    assert refusal(unsigned.sign_up, **signing_up).name in ("NotAuthorized", "InvalidParameter")
    token = access_token(people.house, people.pool_id, people.client_id, "alice")
    changing = {"AccessToken": token, "UserAttributes": gift}
    assert refusal(unsigned.update_user_attributes, **changing).name in ("NotAuthorized", "InvalidParameter")
    deleting = {"AccessToken": token, "UserAttributeNames": [name]}
    assert refusal(unsigned.delete_user_attributes, **deleting).name in ("NotAuthorized", "InvalidParameter")


def test_an_attribute_that_the_client_may_not_write_is_not_written_on_any_way(people: People) -> None:
    narrow = people.house.app(people.pool_id, WriteAttributes=["email"])["ClientId"]
    unsigned, gift = people.house.idp_unsigned, [{"Name": "custom:role", "Value": "admin"}]
    token = access_token(people.house, people.pool_id, narrow, "alice")
    assert refusal(unsigned.update_user_attributes, AccessToken=token, UserAttributes=gift).name == "NotAuthorized"
    signing_up = {"ClientId": narrow, "Username": "mallory", "Password": PASSWORD, "UserAttributes": gift}
    assert refusal(unsigned.sign_up, **signing_up).name == "NotAuthorized"

    people.house.user(people.pool_id, "invited", confirmed=False)
    parameters = {"USERNAME": "invited", "PASSWORD": PASSWORD}
    begun = unsigned.initiate_auth(AuthFlow="USER_PASSWORD_AUTH", ClientId=narrow, AuthParameters=parameters)
    for name, value in (
        ("custom:role", "admin"),
        ("email_verified", "true"),
        ("sub", "x"),
        ("cognito:groups", "admins"),
    ):
        responses = {"USERNAME": "invited", "NEW_PASSWORD": NEW, f"userAttributes.{name}": value}
        answer = refusal(
            unsigned.respond_to_auth_challenge,
            ClientId=narrow,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=begun["Session"],
            ChallengeResponses=responses,
        )
        assert answer.name in ("NotAuthorized", "InvalidParameter")


ADDRESSES = [
    "alice＠example.com",
    "alice@exämple.com",
    "аlice@example.com",
    "\u202ealice@example.com",
    "alice@example.com\0",
    "alice@example.com\n",
    "alice@example.com\r\nBcc: all@example.com",
    "alice@example.com,bob@example.com",
    "alice@example.com bob@example.com",
    "<alice@example.com>",
    '"alice bob"@example.com',
    "alice@[127.0.0.1]",
    "alice@example..com",
    "a@b@example.com",
    "alice@example.com\u200b",
    "x" * 65 + "@example.com",
    "alice@" + "x." * 150 + "com",
    "@example.com",
    "alice@",
]


@pytest.mark.parametrize("address", ADDRESSES, ids=ascii)
def test_what_is_not_plainly_one_address_is_refused_everywhere(people: People, address: str) -> None:
    given = [{"Name": "email", "Value": address}]
    pool_id, idp, unsigned = people.pool_id, people.house.idp, people.house.idp_unsigned
    token = access_token(people.house, pool_id, people.client_id, "alice")
    deeds = [
        (unsigned.sign_up, {"ClientId": people.client_id, "Username": "m", "Password": PASSWORD}),
        (unsigned.update_user_attributes, {"AccessToken": token}),
        (idp.admin_update_user_attributes, {"UserPoolId": pool_id, "Username": "alice"}),
        (idp.admin_create_user, {"UserPoolId": pool_id, "Username": "m"}),
    ]
    for deed, arguments in deeds:
        assert refusal(deed, UserAttributes=given, **arguments).name in ("InvalidParameter", "Serialization")


TEMPLATE = "{####} {username} {city} {{####}} {##x##} %s {0} ${x}"


def test_what_a_user_is_called_never_becomes_template_header_or_markup(house: World) -> None:
    pool_id = house.pool(
        AdminCreateUserConfig={"InviteMessageTemplate": {"EmailSubject": TEMPLATE, "EmailMessage": TEMPLATE}}
    )
    house.idp.admin_create_user(
        UserPoolId=pool_id,
        Username="<b>{####}%s{username}",
        TemporaryPassword="Temp-Passw0rd{1}",
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}],
    )
    message = house.messages("bob@example.com")[-1]
    assert message["subject"].isprintable()
    assert len(message["subject"]) <= 140
    assert "<b>" not in message["html"]
    assert "&lt;b&gt;{####}%s{username}" in message["html"]


HUGE = ["x" * 257, "P0!" + "é" * 300, "Passw0rd!" * 110_000]


@pytest.mark.parametrize("password", HUGE, ids=len)
def test_an_endless_password_is_refused_everywhere_without_being_hashed(people: People, password: str) -> None:
    token = access_token(people.house, people.pool_id, people.client_id, "alice")
    unsigned, client_id = people.house.idp_unsigned, people.client_id
    deeds = [
        (people.sign_in, {"password": password}),
        (unsigned.sign_up, {"ClientId": client_id, "Username": "m", "Password": password}),
        (
            unsigned.change_password,
            {"AccessToken": token, "PreviousPassword": PASSWORD, "ProposedPassword": password},
        ),
        (
            unsigned.change_password,
            {"AccessToken": token, "PreviousPassword": password, "ProposedPassword": NEW},
        ),
        (
            unsigned.confirm_forgot_password,
            {"ClientId": client_id, "Username": "alice", "ConfirmationCode": "123456", "Password": password},
        ),
        (
            people.house.idp.admin_set_user_password,
            {"UserPoolId": people.pool_id, "Username": "alice", "Password": password},
        ),
    ]
    for deed, arguments in deeds:
        assert refusal(deed, **arguments).name in ("InvalidParameter", "InvalidPassword")
    assert people.sign_in()


@pytest.mark.parametrize("tail", ["x", " ", "\u0301"])
def test_passwords_that_differ_only_at_the_end_differ(people: People, tail: str) -> None:
    long = "Passw0rd!" + "é" * 200
    people.house.idp.admin_set_user_password(UserPoolId=people.pool_id, Username="alice", Password=long, Permanent=True)
    assert people.sign_in(password=long)
    assert refusal(people.sign_in, password=long + tail).name == "NotAuthorized"
    assert refusal(people.sign_in, password=long[:-1]).name == "NotAuthorized"


def test_a_temporary_password_is_good_for_one_thing_once_and_in_time(people: People) -> None:
    house = people.house
    house.user(people.pool_id, "invited", confirmed=False)
    begun = people.initiate(USERNAME="invited", PASSWORD=PASSWORD)
    assert "AuthenticationResult" not in begun
    for _ in range(2):
        again = people.initiate(USERNAME="invited", PASSWORD=PASSWORD)
    people.respond("NEW_PASSWORD_REQUIRED", begun["Session"], USERNAME="invited", NEW_PASSWORD=NEW)

    assert refusal(people.sign_in, "invited", PASSWORD).name == "NotAuthorized"
    stale = refusal(
        people.respond, "NEW_PASSWORD_REQUIRED", again["Session"], USERNAME="invited", NEW_PASSWORD="Other-Passw0rd1!"
    )
    assert stale.name == "NotAuthorized"

    house.user(people.pool_id, "late", confirmed=False)
    house.clock.advance(days=8)
    assert refusal(people.sign_in, "late", PASSWORD).name == "NotAuthorized"


def test_one_session_raced_by_fifty_sets_one_password_and_gives_one_set_of_tokens(people: People) -> None:
    people.house.user(people.pool_id, "invited", confirmed=False)
    session = people.initiate(USERNAME="invited", PASSWORD=PASSWORD)["Session"]

    def attempt(number: int) -> str:
        answers = {"USERNAME": "invited", "NEW_PASSWORD": f"New-Passw0rd-{number}!"}
        try:
            people.respond("NEW_PASSWORD_REQUIRED", session, **answers)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "signed in"

    with ThreadPoolExecutor(10) as workers:
        outcomes = list(workers.map(attempt, range(50)))
    assert outcomes.count("signed in") == 1
    assert set(outcomes) <= {"signed in", "NotAuthorizedException", "TooManyRequestsException"}
    assert people.sessions() == 1


def test_an_operators_word_proves_no_address(people: People) -> None:
    people.house.idp_unsigned.sign_up(
        ClientId=people.client_id,
        Username="mallory",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "victim@example.com"}],
    )
    people.house.idp.admin_confirm_sign_up(UserPoolId=people.pool_id, Username="mallory")
    user = people.house.idp.admin_get_user(UserPoolId=people.pool_id, Username="mallory")
    assert {"Name": "email_verified", "Value": "true"} not in user["UserAttributes"]
    assert refusal(people.sign_in, "victim@example.com").name == "NotAuthorized"


def test_who_is_deleted_and_comes_again_has_nothing_of_before(people: People) -> None:
    house = people.house
    before = people.sign_in()
    sub = people.sub()
    code = forgot(people)
    srp = people.srp()
    challenge = people.initiate("USER_SRP_AUTH", **srp.get_auth_params())
    responses = srp.process_challenge(challenge["ChallengeParameters"], srp.get_auth_params())
    house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")
    people.alice(email="alice@example.com", email_verified="true")

    assert people.sub() != sub
    assert refusal(house.idp_unsigned.get_user, AccessToken=before["AccessToken"]).name in (
        "UserNotFound",
        "NotAuthorized",
    )
    assert refusal(people.refresh, before["RefreshToken"]).name == "NotAuthorized"
    assert refusal(people.respond, "PASSWORD_VERIFIER", **responses).name == "NotAuthorized"
    assert refusal(reset, people, code).name in ("CodeMismatch", "ExpiredCode")


def test_an_unproven_new_address_neither_signs_in_nor_recovers(people: People) -> None:
    house = people.house
    token = access_token(house, people.pool_id, people.client_id, "alice")
    house.user(people.pool_id, "victim", email="victim@example.com", email_verified="true")
    house.idp_unsigned.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": "victim@example.com"}]
    )
    code = house.code("victim@example.com")
    sent = len(house.messages("victim@example.com"))

    proof = {"AccessToken": token, "AttributeName": "email", "Code": code}
    assert refusal(house.idp_unsigned.verify_user_attribute, **proof).name == "AliasExists"
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="alice")
    assert len(house.messages("victim@example.com")) == sent
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="victim@example.com")
    assert refusal(reset, people, house.code("victim@example.com"), "alice").name in ("CodeMismatch", "ExpiredCode")


@pytest.mark.parametrize("claimed", ["alice", "alice@example.com", "bob@example.com", "+14255550123"])
def test_a_preferred_username_cannot_be_anybody_elses_name(people: People, claimed: str) -> None:
    people.house.user(people.pool_id, "mallory")
    token = access_token(people.house, people.pool_id, people.client_id, "mallory")
    gift = [{"Name": "preferred_username", "Value": claimed}]
    deed = people.house.idp_unsigned.update_user_attributes
    if claimed == "+14255550123":  # no alias of this pool has that form
        deed(AccessToken=token, UserAttributes=gift)
        return
    assert refusal(deed, AccessToken=token, UserAttributes=gift).name in ("AliasExists", "InvalidParameter")


def test_nobody_takes_the_name_that_is_anothers_sub(people: People) -> None:
    sub = people.sub()
    signing_up = {"ClientId": people.client_id, "Username": sub, "Password": PASSWORD}
    assert refusal(people.house.idp_unsigned.sign_up, **signing_up).name == "UsernameExists"
    assert people.sub(sub) == sub
