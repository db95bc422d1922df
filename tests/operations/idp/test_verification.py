"""Proving an address: codes, the value that waits for one, and the aliases that follow from proof."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.tokens import access_token

BEFORE_UPDATE = {
    "AutoVerifiedAttributes": ["email"],
    "UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]},
}


def attributes(values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


class Person:
    """Somebody with an address, through an app client."""

    def __init__(self, house, pool, username="alice", **values):
        self.idp, self.own, self.pool, self.house = house.idp, house.idp_unsigned, pool, house
        made = self.idp.admin_create_user(
            UserPoolId=pool, Username=username, UserAttributes=attributes(values), MessageAction="SUPPRESS"
        )
        self.username = made["User"]["Username"]
        self.token = access_token(house, pool, house.app(pool)["ClientId"], self.username)

    def changes(self, **values):
        answer = self.own.update_user_attributes(AccessToken=self.token, UserAttributes=attributes(values))
        return answer["CodeDeliveryDetailsList"]

    def asks(self, name="email"):
        answer = self.own.get_user_attribute_verification_code(AccessToken=self.token, AttributeName=name)
        return answer["CodeDeliveryDetails"]

    def proves(self, code, name="email"):
        self.own.verify_user_attribute(AccessToken=self.token, AttributeName=name, Code=code)

    @property
    def has(self):
        found = self.own.get_user(AccessToken=self.token)["UserAttributes"]
        return {attribute["Name"]: attribute["Value"] for attribute in found if attribute["Name"] != "sub"}


def other(code):
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_a_code_proves_an_address_once(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")

    assert alice.asks() == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    code = house.code("alice@example.com")
    alice.proves(code)

    assert alice.has["email_verified"] == "true"
    with pytest.raises(
        idp.exceptions.ExpiredCodeException, match=r"Invalid code provided, please request a code again."
    ):
        alice.proves(code)


def test_a_code_for_a_phone_number_leaves_by_sms(house):
    alice = Person(house, house.pool(), phone_number="+491234569934")
    assert alice.asks("phone_number") == {
        "Destination": "+*******9934",
        "DeliveryMedium": "SMS",
        "AttributeName": "phone_number",
    }
    alice.proves(house.code("+491234569934"), "phone_number")
    assert alice.has["phone_number_verified"] == "true"


def test_only_addresses_can_be_proven(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")
    for deed in (lambda: alice.asks("name"), lambda: alice.proves("123456", "name")):
        with pytest.raises(
            idp.exceptions.InvalidParameterException,
            match=r"Invalid attribute name. Only phone_number and email can be verified.",
        ):
            deed()
    with pytest.raises(idp.exceptions.InvalidParameterException):
        alice.asks("phone_number")


def test_a_wrong_code_proves_nothing_and_costs_only_a_try(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")
    with pytest.raises(idp.exceptions.ExpiredCodeException):
        alice.proves("123456")
    alice.asks()
    code = house.code("alice@example.com")
    for wrong in (other(code), "x", code + "0", "\N{FULLWIDTH DIGIT ZERO}" * 6):
        with pytest.raises(
            idp.exceptions.CodeMismatchException, match=r"Invalid verification code provided, please try again."
        ):
            alice.proves(wrong)
    alice.proves(code)


def test_a_code_lives_a_day_and_dies_with_the_next_one(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")
    alice.asks()
    first = house.code("alice@example.com")
    alice.asks()
    second = house.code("alice@example.com")
    if first != second:
        with pytest.raises(idp.exceptions.CodeMismatchException):
            alice.proves(first)
    house.clock.advance(hours=24)
    alice.token = access_token(house, alice.pool, house.app(alice.pool)["ClientId"], "alice")
    with pytest.raises(idp.exceptions.ExpiredCodeException):
        alice.proves(second)


def test_a_code_proves_nothing_for_another_attribute_or_person(house, idp):
    pool = house.pool()
    alice = Person(house, pool, email="alice@example.com", phone_number="+4912345")
    bob = Person(house, pool, "bob", email="bob@example.com")
    alice.asks()
    code = house.code("alice@example.com")
    with pytest.raises(idp.exceptions.ExpiredCodeException):
        alice.proves(code, "phone_number")
    with pytest.raises(idp.exceptions.ExpiredCodeException):
        bob.proves(code)


def test_five_codes_an_hour_are_sent_and_fifteen_tries_are_taken(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")
    for _ in range(5):
        alice.asks()
    with pytest.raises(
        idp.exceptions.LimitExceededException, match=r"Attempt limit exceeded, please try after some time."
    ):
        alice.asks()
    code = house.code("alice@example.com")
    for _ in range(15):
        with pytest.raises(idp.exceptions.CodeMismatchException):
            alice.proves(other(code))
    with pytest.raises(idp.exceptions.LimitExceededException):
        alice.proves(code)
    assert len(house.messages()) == 5


def test_a_code_that_went_to_an_earlier_address_proves_nothing(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")
    alice.asks()
    code = house.code("alice@example.com")
    alice.changes(email="bob@example.com")
    with pytest.raises(idp.exceptions.ExpiredCodeException):
        alice.proves(code)
    assert alice.has["email_verified"] == "false"


def test_a_changed_address_is_unproven_and_gets_a_code_where_the_pool_proves_it(house):
    alice = Person(
        house, house.pool(AutoVerifiedAttributes=["email"]), email="alice@example.com", email_verified="true"
    )

    assert alice.changes(email="new@example.com", phone_number="+4912345") == [
        {"Destination": "n***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    ]

    assert (alice.has["email"], alice.has["email_verified"]) == ("new@example.com", "false")
    alice.proves(house.code("new@example.com"))
    assert alice.has["email_verified"] == "true"
    assert alice.changes(email="new@example.com") == []


def test_an_operators_change_sends_a_code_unless_he_vouches(house, idp):
    alice = Person(house, house.pool(AutoVerifiedAttributes=["email"]))

    def writes(**values):
        idp.admin_update_user_attributes(UserPoolId=alice.pool, Username="alice", UserAttributes=attributes(values))

    writes(email="one@example.com", email_verified="true")
    assert house.messages() == []
    assert alice.has["email_verified"] == "true"
    writes(email="two@example.com")
    assert [message["to"] for message in house.messages()] == ["two@example.com"]
    assert alice.has["email_verified"] == "false"


def test_a_new_address_waits_unseen_for_its_proof(house, idp):
    alice = Person(house, house.pool(**BEFORE_UPDATE), email="old@example.com", email_verified="true")

    (delivery,) = alice.changes(email="new@example.com", name="Al")

    assert delivery["Destination"] == "n***@e***"
    assert alice.has == {"email": "old@example.com", "email_verified": "true", "name": "Al"}
    assert house.messages("old@example.com") == []
    with pytest.raises(idp.exceptions.CodeMismatchException):
        alice.proves(other(house.code("new@example.com")))
    alice.proves(house.code("new@example.com"))
    assert (alice.has["email"], alice.has["email_verified"]) == ("new@example.com", "true")
    users = idp.list_users(UserPoolId=alice.pool, Filter='email = "new@example.com"')["Users"]
    assert [user["Username"] for user in users] == ["alice"]


def test_of_two_waiting_addresses_the_later_counts(house, idp):
    alice = Person(house, house.pool(**BEFORE_UPDATE), email="old@example.com", email_verified="true")
    alice.changes(email="one@example.com")
    first = house.code("one@example.com")
    alice.changes(email="two@example.com")
    if first != house.code("two@example.com"):
        with pytest.raises(idp.exceptions.CodeMismatchException):
            alice.proves(first)
    alice.asks()
    assert [message["to"] for message in house.messages()] == [
        "one@example.com",
        "two@example.com",
        "two@example.com",
    ]
    alice.proves(house.code("two@example.com"))
    assert alice.has["email"] == "two@example.com"


def test_a_first_address_waits_too(house):
    alice = Person(house, house.pool(**BEFORE_UPDATE))
    alice.changes(email="first@example.com")
    assert "email" not in alice.has
    alice.proves(house.code("first@example.com"))
    assert alice.has == {"email": "first@example.com", "email_verified": "true"}


def test_an_operators_word_ends_the_waiting(house, idp):
    alice = Person(house, house.pool(**BEFORE_UPDATE), email="old@example.com", email_verified="true")
    alice.changes(email="waiting@example.com")
    code = house.code("waiting@example.com")

    idp.admin_update_user_attributes(
        UserPoolId=alice.pool,
        Username="alice",
        UserAttributes=attributes({"email": "given@example.com", "email_verified": "true"}),
    )

    assert (alice.has["email"], alice.has["email_verified"]) == ("given@example.com", "true")
    with pytest.raises(idp.exceptions.ExpiredCodeException):
        alice.proves(code)
    assert alice.has["email"] == "given@example.com"


def test_an_operators_change_without_his_word_waits(house, idp):
    alice = Person(house, house.pool(**BEFORE_UPDATE), email="old@example.com", email_verified="true")
    idp.admin_update_user_attributes(
        UserPoolId=alice.pool, Username="alice", UserAttributes=attributes({"email": "new@example.com"})
    )
    assert alice.has["email"] == "old@example.com"
    alice.proves(house.code("new@example.com"))
    assert alice.has["email"] == "new@example.com"


def test_proof_makes_an_alias_and_somebody_elses_alias_stops_it(house, idp):
    pool = house.pool(AliasAttributes=["email"], AutoVerifiedAttributes=["email"])
    alice, bob = Person(house, pool, email="shared@example.com"), Person(house, pool, "bob", email="shared@example.com")
    alice.asks()
    alice_code = house.code("shared@example.com")
    bob.asks()
    bob_code = house.code("shared@example.com")

    alice.proves(alice_code)

    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "alice"
    with pytest.raises(idp.exceptions.AliasExistsException, match=r"An account with the given email already exists."):
        bob.proves(bob_code)
    assert bob.has["email_verified"] == "false"
    alice.changes(email="")
    bob.proves(bob_code)
    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "bob"


def test_the_old_address_signs_in_until_the_new_one_is_proven(house, idp):
    pool = house.pool(UsernameAttributes=["email"], **BEFORE_UPDATE)
    alice = Person(house, pool, "old@example.com")

    alice.changes(email="new@example.com")
    assert idp.admin_get_user(UserPoolId=pool, Username="old@example.com")["Username"] == alice.username
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=pool, Username="new@example.com")

    alice.proves(house.code("new@example.com"))
    assert idp.admin_get_user(UserPoolId=pool, Username="new@example.com")["Username"] == alice.username
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=pool, Username="old@example.com")


def test_a_waiting_address_that_somebody_took_meanwhile_is_refused(house, idp):
    pool = house.pool(UsernameAttributes=["email"], **BEFORE_UPDATE)
    alice = Person(house, pool, "old@example.com")
    alice.changes(email="new@example.com")
    Person(house, pool, "new@example.com")
    with pytest.raises(idp.exceptions.AliasExistsException):
        alice.proves(house.code("new@example.com"))
    assert alice.has["email"] == "old@example.com"


def test_of_twenty_tries_at_once_with_one_code_one_succeeds(house, idp):
    alice = Person(house, house.pool(), email="alice@example.com")
    alice.asks()
    code = house.code("alice@example.com")

    def proves(_):
        try:
            alice.proves(code)
        except idp.exceptions.ClientError as refusal:
            return refusal.response["Error"]["Code"]
        return "proven"

    with ThreadPoolExecutor(4) as threads:
        outcomes = sorted(threads.map(proves, range(20)))
    assert outcomes.count("proven") == 1
    assert set(outcomes) <= {"proven", "ExpiredCodeException", "LimitExceededException"}


def test_changes_made_at_once_are_all_kept(house, idp):
    alice = Person(house, house.pool())
    names = ["name", "locale", "nickname", "zoneinfo", "website", "gender", "profile", "picture"]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda name: alice.changes(**{name: "x"}), names))
    assert alice.has == dict.fromkeys(names, "x")


def test_too_many_changes_of_an_address_are_refused_as_the_operation_can(house, idp):
    alice = Person(house, house.pool(AutoVerifiedAttributes=["email"]))
    for number in range(5):
        alice.changes(email=f"a{number}@example.com")
    with pytest.raises(idp.exceptions.TooManyRequestsException):
        alice.changes(email="a5@example.com")
    assert alice.has["email"] == "a4@example.com"
    assert len(house.messages()) == 5
