from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

OLD, NEW = "Passw0rd!", "N3w-Passw0rd"
INCORRECT = ("NotAuthorizedException", "Incorrect username or password.")
USED_BEFORE = ("PasswordHistoryPolicyViolationException", "Password has previously been used.")


def refused(call, **arguments):
    """The refusal of a call: its name and its sentence."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


class Person:
    """Alice, signed in when asked, and her pool."""

    def __init__(self, house, **settings):
        self.house = house
        self.pool = house.pool(**settings)
        self.app = house.app(self.pool)
        house.user(self.pool, email="alice@example.com", email_verified="true")

    def sign_in(self, password=OLD):
        return self.house.idp_unsigned.initiate_auth(
            ClientId=self.app["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "alice", "PASSWORD": password},
        )

    def token(self, password=OLD):
        return self.sign_in(password)["AuthenticationResult"]["AccessToken"]

    def change(self, token, new=NEW, old=OLD):
        return self.house.idp_unsigned.change_password(AccessToken=token, PreviousPassword=old, ProposedPassword=new)

    def set(self, password, *, permanent=True):
        self.house.idp.admin_set_user_password(
            UserPoolId=self.pool, Username="alice", Password=password, Permanent=permanent
        )

    @property
    def status(self):
        return self.house.idp.admin_get_user(UserPoolId=self.pool, Username="alice")["UserStatus"]

    def challenge(self, password):
        return self.sign_in(password).get("ChallengeName")


@pytest.fixture
def alice(house):
    return Person(house)


def test_a_person_changes_the_password_and_stays_signed_in(house, alice):
    token = alice.token()
    alice.change(token)
    assert alice.token(NEW)
    assert refused(alice.sign_in, password=OLD) == INCORRECT
    assert house.idp_unsigned.get_user(AccessToken=token)["Username"] == "alice"


def test_a_change_ends_sessions_where_the_pool_says_so(house):
    alice = Person(house, UserPoolTags={"lido:password_change_ends_sessions": "true"})
    token = alice.token()
    alice.change(token)
    assert refused(house.idp_unsigned.get_user, AccessToken=token) == (
        "NotAuthorizedException",
        "Access Token has been revoked",
    )
    assert alice.token(NEW)


def test_the_old_password_must_be_right(alice):
    token = alice.token()
    assert refused(alice.change, token=token, old="Wr0ng-password") == INCORRECT
    assert refused(alice.house.idp_unsigned.change_password, AccessToken=token, ProposedPassword=NEW) == INCORRECT
    assert alice.token(OLD)


def test_wrong_old_passwords_lock_the_sign_in_too(alice):
    token = alice.token()
    for _ in range(5):
        assert refused(alice.change, token=token, old="Wr0ng-password") == INCORRECT
    assert refused(alice.sign_in) == ("NotAuthorizedException", "Password attempts exceeded")


def test_a_password_is_changed_five_times_an_hour(house, alice):
    token = alice.token()
    current = OLD
    for number in range(5):
        alice.change(token, f"N3w-Passw0rd-{number}", current)
        current = f"N3w-Passw0rd-{number}"
    assert refused(alice.change, token=token, old=current) == (
        "LimitExceededException",
        "Attempt limit exceeded, please try after some time.",
    )
    house.clock.advance(hours=1)
    alice.change(alice.token(current), NEW, current)


@pytest.mark.parametrize("password", ["Sh0rt!", "passw0rd!", "Passw0rds"])
def test_a_new_password_conforms_to_the_policy(alice, password):
    name, sentence = refused(alice.change, token=alice.token(), new=password)
    assert name == "InvalidPasswordException"
    assert sentence.startswith("Password does not conform to policy: ")
    assert refused(alice.set, password=password)[1].startswith("Password did not conform with policy: ")


def test_a_password_is_neither_cut_nor_normalised(house):
    alice = Person(house, Policies={"PasswordPolicy": {"MinimumLength": 8}})
    long = "x" * 100 + "1"
    alice.set(long)
    assert refused(alice.sign_in, password="x" * 100 + "2") == INCORRECT
    assert alice.token(long)
    alice.set("\uff21ngstr\u00f6m")
    assert refused(alice.sign_in, password="Angstr\u00f6m") == INCORRECT
    assert alice.token("\uff21ngstr\u00f6m")


def test_common_passwords_are_refused_where_the_pool_says_so(house):
    policy = {"PasswordPolicy": {"MinimumLength": 8}}
    alice = Person(house, Policies=policy, UserPoolTags={"lido:refuse_common_passwords": "true"})
    assert refused(alice.set, password="password1")[0] == "InvalidPasswordException"
    assert refused(alice.set, password="xx-Alice-99")[0] == "InvalidPasswordException"
    alice.set("correct-horse-battery")


def test_earlier_passwords_are_refused_as_far_as_the_pool_remembers(house):
    alice = Person(house, Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}})
    token = alice.token()
    assert refused(alice.change, token=token, new=OLD) == USED_BEFORE
    alice.change(token, "second-1")
    assert refused(alice.set, password=OLD) == USED_BEFORE
    alice.set("third-11")
    alice.set(OLD)


def test_a_temporary_password_is_no_earlier_one(house):
    alice = Person(house, Policies={"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 5}})
    alice.set("temporary-1", permanent=False)
    alice.set("temporary-1")
    assert refused(alice.set, password=OLD) == USED_BEFORE


def test_an_operators_permanent_password_confirms(house, alice):
    house.idp_unsigned.sign_up(ClientId=alice.app["ClientId"], Username="bob", Password=OLD)
    house.idp.admin_set_user_password(UserPoolId=alice.pool, Username="bob", Password=NEW, Permanent=True)
    assert house.idp.admin_get_user(UserPoolId=alice.pool, Username="bob")["UserStatus"] == "CONFIRMED"
    parameters = {"USERNAME": "bob", "PASSWORD": NEW}
    signed_in = house.idp_unsigned.initiate_auth(
        ClientId=alice.app["ClientId"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters
    )
    assert signed_in["AuthenticationResult"]


def test_an_operators_temporary_password_must_be_changed_and_in_time(house, alice):
    alice.set(NEW, permanent=False)
    assert alice.status == "FORCE_CHANGE_PASSWORD"
    assert alice.challenge(NEW) == "NEW_PASSWORD_REQUIRED"
    house.clock.advance(days=7)
    assert refused(alice.sign_in, password=NEW) == (
        "NotAuthorizedException",
        "Temporary password has expired and must be reset by an administrator.",
    )
    alice.set("An0ther-One", permanent=False)
    assert alice.challenge("An0ther-One") == "NEW_PASSWORD_REQUIRED"


def test_a_temporary_password_is_not_changed_by_token(alice):
    token = alice.token()
    alice.set(NEW, permanent=False)
    assert refused(alice.change, token=token, old=NEW, new="An0ther-One") == (
        "NotAuthorizedException",
        "User password cannot be reset in the current state.",
    )
    assert alice.status == "FORCE_CHANGE_PASSWORD"


def test_a_reset_stops_the_old_password(house, alice):
    house.idp.admin_reset_user_password(UserPoolId=alice.pool, Username="alice")
    assert refused(alice.sign_in) == ("PasswordResetRequiredException", "Password reset required for the user")
    house.idp_unsigned.confirm_forgot_password(
        ClientId=alice.app["ClientId"],
        Username="alice",
        ConfirmationCode=house.messages()[-1]["code"],
        Password=NEW,
    )
    assert alice.token(NEW)


def test_a_new_password_after_a_forgotten_one_lifts_the_lock(house, alice):
    for _ in range(5):
        refused(alice.sign_in, password="Wr0ng-password")
    assert refused(alice.sign_in)[1] == "Password attempts exceeded"
    named = {"ClientId": alice.app["ClientId"], "Username": "alice"}
    house.idp_unsigned.forgot_password(**named)
    code = house.messages()[-1]["code"]
    house.idp_unsigned.confirm_forgot_password(**named, ConfirmationCode=code, Password=NEW)
    assert alice.token(NEW)


def test_of_two_changes_from_one_password_one_succeeds(alice):
    token = alice.token()

    def try_it(number):
        try:
            alice.change(token, f"N3w-Passw0rd-{number}")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return number

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(try_it, range(4)))
    [winner] = [answer for answer in answers if isinstance(answer, int)]
    assert set(answers) - {winner} <= {"NotAuthorizedException"}
    assert alice.token(f"N3w-Passw0rd-{winner}")


def test_a_running_sign_in_dies_with_the_password(house, alice):
    alice.set(NEW, permanent=False)
    started = alice.sign_in(NEW)
    alice.set("An0ther-One", permanent=False)
    answer = refused(
        house.idp_unsigned.respond_to_auth_challenge,
        ClientId=alice.app["ClientId"],
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=started["Session"],
        ChallengeResponses={"USERNAME": "alice", "NEW_PASSWORD": "Th1rd-Password"},
    )
    assert answer[0] == "NotAuthorizedException"
    assert alice.status == "FORCE_CHANGE_PASSWORD"


def test_unknown_users_have_no_password_to_set(house, alice):
    given = {"UserPoolId": alice.pool, "Username": "nobody", "Password": NEW, "Permanent": True}
    assert refused(house.idp.admin_set_user_password, **given) == ("UserNotFoundException", "User does not exist.")
