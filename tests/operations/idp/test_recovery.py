from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from lido.flows import passwords
from lido.storage import passwords as stored_passwords
from lido.storage import pools

OLD, NEW = "Passw0rd!", "N3w-Passw0rd"
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"
EXPIRED = ("ExpiredCodeException", "Invalid code provided, please request a code again.")
MISMATCH = ("CodeMismatchException", "Invalid verification code provided, please try again.")
LIMIT = ("LimitExceededException", "Attempt limit exceeded, please try after some time.")
UNKNOWN = ("UserNotFoundException", "Username/client id combination not found.")
DISABLED = ("NotAuthorizedException", "User is disabled.")
STATE = ("NotAuthorizedException", "User password cannot be reset in the current state.")


def refused(call, **arguments):
    """The refusal of a call: its name and its sentence."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    error = refusal.value.response["Error"]
    return error["Code"], error["Message"]


def fits(house, pool_id, sub, password):
    """Whether that is the password of the user."""
    call = house.call()
    with house.database.read() as tx:
        assert pools.find(tx, pool_id)
        row = stored_passwords.find(tx, pool_id, sub)
    return passwords.verify(call, passwords.open_material(call, pool_id, sub, row.material), password)


class Person:
    """Alice, who forgets her password, and her app."""

    def __init__(self, house, *, settings=None, app=None, **attributes):
        self.house = house
        self.pool = house.pool(**(settings or {}))
        self.app = house.app(self.pool, **(app or {}))
        self.address = attributes.get("email", "alice@example.com")
        house.user(self.pool, **(attributes or {"email": self.address, "email_verified": "true"}))
        self.named = {"ClientId": self.app["ClientId"], "Username": "alice"}

    @property
    def sub(self):
        found = self.house.idp.admin_get_user(UserPoolId=self.pool, Username="alice")
        return next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub")

    @property
    def status(self):
        return self.house.idp.admin_get_user(UserPoolId=self.pool, Username="alice")["UserStatus"]

    def forget(self, **other):
        return self.house.idp_unsigned.forgot_password(**{**self.named, **other})["CodeDeliveryDetails"]

    def confirm(self, code=None, password=NEW, **other):
        code = code or self.house.messages()[-1]["code"]
        given = {**self.named, "ConfirmationCode": code, "Password": password, **other}
        return self.house.idp_unsigned.confirm_forgot_password(**given)

    def fits(self, password):
        return fits(self.house, self.pool, self.sub, password)

    def operator(self, operation, **more):
        return getattr(self.house.idp, operation)(UserPoolId=self.pool, Username="alice", **more)


@pytest.fixture
def alice(house):
    return Person(house)


@pytest.fixture
def hidden(house):
    """Alice, where strangers may not learn who exists."""
    return Person(house, app={"PreventUserExistenceErrors": "ENABLED"})


def wrong(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_forgotten_password_is_replaced_with_the_code_of_the_message(house, alice):
    assert alice.forget() == {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "a***@e***"}
    [message] = house.messages("alice@example.com")
    assert message["source"] == "ForgotPassword"
    assert alice.fits(OLD)
    alice.confirm()
    assert alice.fits(NEW)
    assert not alice.fits(OLD)
    assert alice.status == "CONFIRMED"
    assert refused(alice.confirm) == EXPIRED


def test_a_wrong_code_changes_nothing(house, alice):
    alice.forget()
    code = house.messages()[-1]["code"]
    assert refused(alice.confirm, code=wrong(code)) == MISMATCH
    assert alice.fits(OLD)


def test_a_reset_code_lives_an_hour(house, alice):
    alice.forget()
    house.clock.advance(hours=1)
    assert refused(alice.confirm) == EXPIRED


def test_who_never_asked_has_no_code(alice):
    assert refused(alice.confirm, code="123456") == EXPIRED


def test_a_code_is_not_used_up_by_a_password_that_is_refused(house, alice):
    alice.forget()
    assert refused(alice.confirm, password="short") == (
        "InvalidPasswordException",
        "Password does not conform to policy: Password not long enough",
    )
    assert refused(alice.confirm, password="Aa1!" * 65)[0] == "InvalidParameterException"
    alice.confirm()
    assert alice.fits(NEW)


def test_of_many_confirmations_with_one_code_one_succeeds(house, alice):
    alice.forget()
    code = house.messages()[-1]["code"]

    def try_it(number):
        try:
            alice.confirm(code, f"N3w-Passw0rd-{number}")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return number

    with ThreadPoolExecutor(10) as threads:
        answers = list(threads.map(try_it, range(10)))
    winners = [answer for answer in answers if isinstance(answer, int)]
    assert len(winners) == 1
    assert set(answers) - set(winners) <= {"ExpiredCodeException"}
    assert alice.fits(f"N3w-Passw0rd-{winners[0]}")


def test_guesses_are_counted_whatever_is_asked_for_in_between(house, alice):
    alice.forget()
    guess = wrong(house.messages()[-1]["code"])

    def try_it(_):
        return refused(alice.confirm, code=guess)[0]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(try_it, range(100)))
    assert answers.count("CodeMismatchException") == 15
    assert answers.count("LimitExceededException") == 85
    alice.forget()
    assert refused(alice.confirm) == LIMIT
    house.clock.advance(minutes=60)
    alice.forget()
    alice.confirm()


def test_codes_are_asked_for_five_times_an_hour(house, alice):
    for _ in range(5):
        alice.forget()
    assert refused(alice.forget) == LIMIT
    assert len(house.messages()) == 5


@pytest.mark.parametrize(
    ("mechanisms", "attribute"),
    [
        ([], "phone_number"),
        ([("verified_email", 1)], "email"),
        ([("verified_phone_number", 2), ("verified_email", 1)], "email"),
        ([("verified_email", 2), ("verified_phone_number", 1)], "phone_number"),
    ],
)
def test_the_pool_says_where_codes_go_first(house, mechanisms, attribute):
    options = [{"Name": name, "Priority": priority} for name, priority in mechanisms]
    settings = {"AccountRecoverySetting": {"RecoveryMechanisms": options}} if options else {}
    both = {"email": "a@example.com", "phone_number": "+14255550100"}
    alice = Person(house, settings=settings, **both, email_verified="true", phone_number_verified="true")
    assert alice.forget()["AttributeName"] == attribute


def test_only_an_operator_resets_where_the_pool_says_so(house):
    options = {"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    alice = Person(house, settings={"AccountRecoverySetting": options})
    contact = ("NotAuthorizedException", "Contact administrator to reset password.")
    assert refused(alice.forget) == contact
    assert refused(alice.forget, Username="nobody") == contact


def test_an_unverified_address_gets_no_code(house):
    alice = Person(house, email="alice@example.com")
    assert refused(alice.forget) == ("InvalidParameterException", NO_ADDRESS)
    assert refused(alice.operator, operation="admin_reset_user_password") == ("InvalidParameterException", NO_ADDRESS)
    assert house.messages() == []


def test_states_in_which_nothing_can_be_reset_say_so(house, alice):
    assert refused(alice.forget, Username="nobody") == UNKNOWN
    assert refused(alice.confirm, code="123456", Username="nobody") == UNKNOWN
    alice.operator("admin_set_user_password", Password=NEW, Permanent=False)
    assert refused(alice.forget) == STATE
    alice.operator("admin_disable_user")
    assert refused(alice.forget) == DISABLED
    assert refused(alice.confirm, code="123456") == DISABLED


def test_where_existence_is_secret_nobody_and_the_disabled_are_answered_alike(house, hidden):
    hidden.operator("admin_disable_user")
    house.idp.admin_create_user(UserPoolId=hidden.pool, Username="invited", MessageAction="SUPPRESS")
    house.idp_unsigned.sign_up(ClientId=hidden.app["ClientId"], Username="unconfirmed", Password=OLD)
    for name in ("alice", "invited", "unconfirmed", "nobody"):
        first, *others = [hidden.forget(Username=name) for _ in range(5)]
        assert set(first) == {"AttributeName", "DeliveryMedium", "Destination"}
        assert all(other == first for other in others)
        assert refused(hidden.forget, Username=name) == LIMIT
        guesses = [refused(hidden.confirm, code="123456", Username=name) for _ in range(16)]
        assert guesses == [MISMATCH] * 15 + [LIMIT]
    assert house.messages() == []


def test_a_simulated_delivery_of_an_address_is_what_a_real_one_would_be(hidden):
    simulated = hidden.forget(Username="zoe@example.com")
    assert simulated == {"AttributeName": "email", "DeliveryMedium": "EMAIL", "Destination": "z***@e***"}
    assert hidden.forget(Username="+14255550123")["Destination"] == "+*******0123"


def test_a_disabled_user_cannot_use_the_code_of_before(house, alice):
    alice.forget()
    alice.operator("admin_disable_user")
    alice.operator("admin_enable_user")
    assert refused(alice.confirm) == EXPIRED
    assert alice.fits(OLD)


def test_a_code_that_went_to_an_address_of_before_resets_nothing(house, alice):
    alice.forget()
    alice.operator(
        "admin_update_user_attributes",
        UserAttributes=[
            {"Name": "email", "Value": "new@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    assert refused(alice.confirm, code=house.messages("alice@example.com")[-1]["code"]) == EXPIRED
    assert alice.fits(OLD)


def test_an_operator_resets_and_the_person_sets_a_new_one(house, alice):
    alice.operator("admin_reset_user_password")
    assert alice.status == "RESET_REQUIRED"
    assert house.messages()[-1]["source"] == "ForgotPassword"
    alice.confirm()
    assert alice.status == "CONFIRMED"
    assert alice.fits(NEW)


def test_an_operator_cannot_reset_the_disabled_or_the_unknown(alice):
    nobody = {"UserPoolId": alice.pool, "Username": "nobody"}
    assert refused(alice.house.idp.admin_reset_user_password, **nobody) == (
        "UserNotFoundException",
        "User does not exist.",
    )
    alice.operator("admin_disable_user")
    assert refused(alice.operator, operation="admin_reset_user_password") == (
        "NotAuthorizedException",
        "User is disabled",
    )


def test_a_code_of_a_reset_works_where_a_reset_ends_sessions(house):
    alice = Person(house, settings={"UserPoolTags": {"lido:password_change_ends_sessions": "true"}})
    alice.operator("admin_reset_user_password")
    alice.confirm()
    assert alice.fits(NEW)


def test_earlier_passwords_are_refused_and_leave_the_code(house):
    history = {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}}
    alice = Person(house, settings={"Policies": history})
    alice.forget()
    refusal = ("PasswordHistoryPolicyViolationException", "Password has previously been used.")
    assert refused(alice.confirm, password=OLD) == refusal
    alice.confirm(password="second-1")
    alice.forget()
    assert refused(alice.confirm, password=OLD) == refusal
    assert refused(alice.confirm, password="second-1") == refusal
    alice.confirm(password="third-11")
    alice.forget()
    alice.confirm(password=OLD)


def test_a_new_password_of_the_operator_withdraws_the_code(alice):
    alice.forget()
    alice.operator("admin_set_user_password", Password=NEW, Permanent=True)
    assert refused(alice.confirm, password="An0ther-One") == EXPIRED
    assert alice.fits(NEW)
