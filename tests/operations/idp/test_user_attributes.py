"""Attributes: who may write and delete which, and what becomes of names that people sign in with."""

import json

import pytest
from tests.tokens import access_token

CUSTOM = [
    {"Name": "tier", "AttributeDataType": "String", "Mutable": True},
    {"Name": "born", "AttributeDataType": "String", "Mutable": False},
    {"Name": "secret", "AttributeDataType": "String", "Mutable": True, "DeveloperOnlyAttribute": True},
    {"Name": "given_name", "Required": True},
]
TIER, BORN, SECRET = "custom:tier", "custom:born", "dev:custom:secret"


def attributes(values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


class Person:
    """Somebody in a pool, seen by an operator and through an app client."""

    def __init__(self, house, pool, username="alice", values=None, **app):
        self.idp, self.own, self.pool = house.idp, house.idp_unsigned, pool
        made = self.idp.admin_create_user(
            UserPoolId=pool, Username=username, UserAttributes=attributes(values or {}), MessageAction="SUPPRESS"
        )
        self.username = made["User"]["Username"]
        self.token = access_token(house, pool, house.app(pool, **app)["ClientId"], self.username)

    def writes(self, **values):
        return self.own.update_user_attributes(AccessToken=self.token, UserAttributes=attributes(values))

    def deletes(self, *names):
        self.own.delete_user_attributes(AccessToken=self.token, UserAttributeNames=list(names))

    def is_written(self, **values):
        self.idp.admin_update_user_attributes(
            UserPoolId=self.pool, Username=self.username, UserAttributes=attributes(values)
        )

    def is_deleted(self, *names):
        self.idp.admin_delete_user_attributes(
            UserPoolId=self.pool, Username=self.username, UserAttributeNames=list(names)
        )

    @property
    def has(self):
        found = self.idp.admin_get_user(UserPoolId=self.pool, Username=self.username)["UserAttributes"]
        return {attribute["Name"]: attribute["Value"] for attribute in found if attribute["Name"] != "sub"}


@pytest.fixture
def pool(house):
    return house.pool(Schema=CUSTOM)


@pytest.fixture
def alice(house, pool):
    return Person(house, pool, values={"given_name": "Alice", BORN: "here", SECRET: "s"})


def test_people_write_what_is_theirs(alice):
    answer = alice.writes(name="Al", **{TIER: "gold"})

    assert answer["CodeDeliveryDetailsList"] == []
    assert alice.has == {"given_name": "Alice", BORN: "here", SECRET: "s", "name": "Al", TIER: "gold"}


def test_an_empty_value_deletes(alice):
    alice.writes(name="Al")
    alice.writes(name="", locale="en")
    assert "name" not in alice.has
    assert alice.has["locale"] == "en"


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "sub", "identities"])
def test_nobody_vouches_for_himself(idp, alice, name):
    before = alice.has
    with pytest.raises(idp.exceptions.InvalidParameterException, match=f"non-mutable attribute {name}"):
        alice.writes(name="x", **{name: "true"})
    assert alice.has == before


@pytest.mark.parametrize("name", [SECRET, "cognito:groups", "cognito:mfa_enabled"])
def test_what_belongs_to_the_operator_is_not_written_by_people(idp, alice, name):
    with pytest.raises(
        idp.exceptions.NotAuthorizedException, match=r"A client attempted to write unauthorized attribute"
    ):
        alice.writes(**{name: "x"})


def test_an_app_writes_only_what_its_list_names(house, idp, pool):
    bob = Person(house, pool, "bob", {"given_name": "Bob"}, WriteAttributes=["given_name", "name"])
    bob.writes(name="B")
    with pytest.raises(idp.exceptions.NotAuthorizedException, match=r"write unauthorized attribute"):
        bob.writes(name="C", locale="en")
    with pytest.raises(idp.exceptions.NotAuthorizedException, match=r"write unauthorized attribute"):
        bob.deletes("locale")
    assert bob.has == {"given_name": "Bob", "name": "B"}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"custom:none": "x"}, "Attributes did not conform to the schema: custom:none: Attribute does not exist"),
        ({"colour": "x"}, "Type for attribute {colour} could not be determined"),
        ({BORN: "there"}, f"user.{BORN}: Attribute cannot be updated. "),
        ({"given_name": ""}, "Invalid user attributes: given_name: Required attribute cannot be deleted."),
        ({"email": "a@b@c"}, "Invalid email address format."),
        ({"email": "a@b.example,c@d.example"}, "Invalid email address format."),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "Invalid email address format."),
        ({"phone_number": "+49 1"}, "Invalid phone number format."),
        ({"birthdate": "today"}, "birthdate"),
        ({"nickname": "\0"}, "characters that are not allowed"),
    ],
)
def test_a_value_that_does_not_conform_is_refused_for_everybody(idp, alice, values, sentence):
    before = alice.has
    for write in (alice.writes, alice.is_written):
        with pytest.raises(idp.exceptions.InvalidParameterException) as refusal:
            write(name="x", **values)
        assert sentence in refusal.value.response["Error"]["Message"]
    assert alice.has == before


def test_a_null_value_is_refused(house, idp, alice):
    body = {
        "UserPoolId": alice.pool,
        "Username": "alice",
        "UserAttributes": [{"Name": "picture"}],
    }
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"Attribute value for picture must not be null"):
        idp.admin_update_user_attributes(**body)


def test_an_immutable_attribute_may_be_repeated(alice):
    alice.writes(**{BORN: "here"})
    assert alice.has[BORN] == "here"


def test_attributes_are_deleted_once_and_again(alice):
    alice.writes(name="Al", **{TIER: "gold"})
    alice.deletes("name", TIER)
    alice.deletes("name")
    alice.is_deleted(SECRET, "locale")
    assert alice.has == {"given_name": "Alice", BORN: "here"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("custom:foo", "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n"),
        ("given_name", "Invalid user attributes: given_name: Required attribute cannot be deleted."),
        ("sub", "Required attribute cannot be deleted."),
        ("email_verified", "non-mutable attribute email_verified"),
        (BORN, f"non-mutable attribute {BORN}"),
    ],
)
def test_what_may_not_be_deleted_stays(idp, alice, name, sentence):
    before = alice.has
    for delete in (alice.deletes, alice.is_deleted):
        with pytest.raises(idp.exceptions.InvalidParameterException) as refusal:
            delete("name", name)
        assert sentence in refusal.value.response["Error"]["Message"]
    assert alice.has == before


def test_operators_vouch_for_addresses(alice):
    alice.is_written(email="a@example.com", email_verified="True")
    assert (alice.has["email"], alice.has["email_verified"]) == ("a@example.com", "true")
    alice.is_written(email="b@example.com")
    assert (alice.has["email"], alice.has["email_verified"]) == ("b@example.com", "false")
    alice.is_written(email_verified="true")
    assert alice.has["email_verified"] == "true"


def test_an_address_that_stays_keeps_its_proof(alice):
    alice.is_written(email="a@example.com", email_verified="true")
    alice.writes(email="a@example.com", name="Al")
    assert alice.has["email_verified"] == "true"


def test_a_deleted_address_loses_its_proof(alice):
    alice.is_written(email="a@example.com", email_verified="true")
    alice.deletes("email")
    assert not {"email", "email_verified"} & set(alice.has)
    alice.writes(email="a@example.com")
    assert alice.has["email_verified"] == "false"


def test_an_alias_belongs_to_one_person_until_it_is_given_up(house, idp):
    pool = house.pool(AliasAttributes=["email", "preferred_username"])
    alice, bob = Person(house, pool, "alice"), Person(house, pool, "bob")
    shared = {"email": "shared@example.com", "email_verified": "true"}
    alice.is_written(**shared)
    alice.writes(preferred_username="al")

    with pytest.raises(idp.exceptions.AliasExistsException, match=r"An account with the given email already exists."):
        bob.is_written(name="Bob", **shared)
    with pytest.raises(idp.exceptions.AliasExistsException):
        bob.writes(preferred_username="al")
    assert bob.has == {}

    alice.deletes("email", "preferred_username")
    bob.is_written(**shared)
    bob.writes(preferred_username="al")
    for name in ("shared@example.com", "al"):
        assert idp.admin_get_user(UserPoolId=pool, Username=name)["Username"] == "bob"


def test_an_alias_that_is_changed_is_free(house, idp):
    pool = house.pool(AliasAttributes=["email"])
    alice = Person(house, pool, "alice", {"email": "old@example.com", "email_verified": "true"})

    alice.writes(email="new@example.com")

    for name in ("old@example.com", "new@example.com"):
        with pytest.raises(idp.exceptions.UserNotFoundException):
            idp.admin_get_user(UserPoolId=pool, Username=name)
    bob = Person(house, pool, "bob", {"email": "old@example.com", "email_verified": "true"})
    assert idp.admin_get_user(UserPoolId=pool, Username="old@example.com")["Username"] == bob.username


def test_a_changed_address_is_the_new_sign_in_name_where_usernames_are_addresses(house, idp):
    pool = house.pool(UsernameAttributes=["email"])
    alice, bob = Person(house, pool, "alice@example.com"), Person(house, pool, "bob@example.com")

    with pytest.raises(idp.exceptions.AliasExistsException, match=r"given email already exists"):
        alice.writes(email="bob@example.com")
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"Required attribute cannot be deleted."):
        alice.deletes("email")
    alice.writes(email="alice@example.org")

    assert idp.admin_get_user(UserPoolId=pool, Username="alice@example.org")["Username"] == alice.username
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=pool, Username="alice@example.com")
    bob.writes(email="alice@example.com")


def test_a_change_is_found_by_searching(idp, alice):
    alice.writes(name="Zoe")
    users = idp.list_users(UserPoolId=alice.pool, Filter='name ^= "Zo"')["Users"]
    assert [user["Username"] for user in users] == ["alice"]


def test_an_event_names_what_changed_and_not_to_what(house, alice):
    alice.writes(name="Zoe", locale="en")
    with house.database.read() as tx:
        (row,) = tx.rows(
            "SELECT body FROM events WHERE pool_id = :pool AND kind = 'attributes_changed'", pool=alice.pool
        )
    assert json.loads(row[0])["names"] == ["locale", "name"]
    assert "Zoe" not in row[0]


def test_nobody_writes_with_a_dead_token_or_to_nobody(idp, alice):
    idp.admin_disable_user(UserPoolId=alice.pool, Username="alice")
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        alice.writes(name="x")
    with pytest.raises(idp.exceptions.NotAuthorizedException):
        alice.deletes("name")
    idp.admin_delete_user(UserPoolId=alice.pool, Username="alice")
    with pytest.raises(idp.exceptions.UserNotFoundException):
        alice.is_written(name="x")
    with pytest.raises(idp.exceptions.UserNotFoundException):
        alice.is_deleted("name")
