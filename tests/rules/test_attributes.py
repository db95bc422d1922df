import pytest

from lido import errors
from lido.rules import attributes, schema


def pool(*wanted):
    return {attribute["Name"]: attribute for attribute in schema.merge(list(wanted))}


def sentence_of(check, *arguments, fault=errors.InvalidParameter, **named):
    with pytest.raises(fault) as refusal:
        check(*arguments, **named)
    return refusal.value.message


POOL = pool(
    {"Name": "preferred_username", "Required": True},
    {"Name": "given_name", "Mutable": False},
    {"Name": "tier", "AttributeDataType": "String", "StringAttributeConstraints": {"MinLength": "2", "MaxLength": "4"}},
    {
        "Name": "age",
        "AttributeDataType": "Number",
        "NumberAttributeConstraints": {"MinValue": "-1", "MaxValue": "120"},
    },
    {"Name": "on", "AttributeDataType": "Boolean"},
    {"Name": "since", "AttributeDataType": "DateTime"},
    {"Name": "notes", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
)


def test_required_attributes_are_asked_for_one_clause_each():
    wanted = pool({"Name": "email", "Required": True}, {"Name": "name", "Required": True})
    assert sentence_of(attributes.check_sign_up, wanted, {"name": ""}) == (
        "Attributes did not conform to the schema: name: The attribute is required\nemail: The attribute is required\n"
    )
    attributes.check_sign_up(wanted, {"email": "a@b.co", "name": "A"})


@pytest.mark.parametrize(
    "name, value, sentence",
    [
        (
            "custom:x",
            "1",
            "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n",
        ),
        (
            "colour",
            "1",
            "Attributes did not conform to the schema: Type for attribute {colour} could not be determined",
        ),
        (
            "cognito:x",
            "1",
            "Attributes did not conform to the schema: Type for attribute {cognito:x} could not be determined",
        ),
        ("picture", None, "Attribute value for picture must not be null"),
        ("picture", "x" * 2049, "user.picture: String attributes cannot have a length of more than 2048"),
        ("custom:tier", "x" * 5, "user.custom:tier: String attributes cannot have a length of more than 4"),
        ("email", "a@b.co\n", "Invalid email address format."),
        ("phone_number", "555", "Invalid phone number format."),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_cognitos_words(name, value, sentence):
    assert sentence_of(attributes.check_values, POOL, {name: value}) == sentence


@pytest.mark.parametrize(
    "name, good, bad",
    [
        ("custom:tier", ["ab", "abcd"], ["a"]),
        ("custom:age", ["0", "120", "-1", "1.5"], ["121", "-2", "x", "1e3", "٣", "nan", "1\n"]),
        ("custom:on", ["true", "FALSE"], ["yes", "1"]),
        ("custom:since", ["2026-01-01", "2026-01-01T10:00:00Z", "1767225600"], ["yesterday", "9" * 65]),
        ("birthdate", ["2000-02-29", "0000-12-31"], ["2000-2-9", "29.02.2000", "2000-13-01", "2000-02-29 "]),
        ("updated_at", ["0", "1767225600"], ["-1", "now"]),
        ("address", ["two\nlines", ""], ["nul\0", "half\ud800"]),
    ],
)
def test_values_are_of_their_type_and_within_their_bounds(name, good, bad):
    for value in good:
        attributes.check_values(POOL, {name: value})
    for value in bad:
        assert sentence_of(attributes.check_values, POOL, {name: value}).startswith(f"user.{name}: ")


def test_an_immutable_attribute_keeps_its_value():
    attributes.check_update(POOL, {}, {"given_name": "A"})
    attributes.check_update(POOL, {"given_name": "A"}, {"given_name": "A"})
    assert sentence_of(attributes.check_update, POOL, {"given_name": "A"}, {"given_name": "B"}) == (
        "user.given_name: Attribute cannot be updated. (changing an immutable attribute)"
    )


@pytest.mark.parametrize(
    "name", ["sub", "email_verified", "phone_number_verified", "identities", "cognito:user_status", "dev:custom:notes"]
)
def test_nobody_signs_up_with_what_only_the_service_writes(name):
    sentence = sentence_of(attributes.check_user_may_write, [name], None, signing_up=True, fault=errors.NotAuthorized)
    assert sentence == "A client attempted to write unauthorized attribute"
    with pytest.raises(errors.NotAuthorized):
        attributes.check_user_may_write([name], [name], signing_up=True)


def test_a_user_cannot_verify_himself_later_either():
    sentence = sentence_of(attributes.check_user_may_write, ["email_verified"], ["email_verified"])
    assert sentence == "Cannot modify the non-mutable attribute email_verified"


def test_a_client_with_a_list_writes_what_is_on_it():
    attributes.check_user_may_write(["name"], ["name"])
    attributes.check_user_may_write(["name", "custom:tier"], None)
    for listed in (["email"], []):
        with pytest.raises(errors.NotAuthorized):
            attributes.check_user_may_write(["name"], listed)


def test_an_operator_verifies_but_does_not_rename_the_sub():
    attributes.check_operator_may_write(["email_verified", "dev:custom:notes"])
    for name in ("sub", "identities"):
        assert sentence_of(attributes.check_operator_may_write, [name]) == (
            f"Cannot modify the non-mutable attribute {name}"
        )


def test_truth_is_written_in_any_case():
    assert [attributes.is_true(value) for value in ("true", "True", "TRUE", "false", "1", "")] == [True] * 3 + [
        False
    ] * 3


def test_an_empty_string_deletes():
    assert attributes.split_deletions({"name": "A", "email": ""}) == ({"name": "A"}, ["email"])


def test_what_is_unknown_required_or_fixed_is_not_deleted():
    attributes.check_deletable(POOL, ["name", "custom:tier"])
    assert sentence_of(attributes.check_deletable, POOL, ["custom:foo"]) == (
        "Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n"
    )
    assert sentence_of(attributes.check_deletable, POOL, ["preferred_username"]) == (
        "Invalid user attributes: preferred_username: Required attribute cannot be deleted."
    )
    for name in ("sub", "given_name", "email_verified"):
        sentence_of(attributes.check_deletable, POOL, [name])


def test_a_client_reads_what_its_list_names_and_never_the_developers():
    values = {"sub": "1", "name": "A", "custom:tier": "ab", "dev:custom:notes": "x"}
    assert attributes.readable(values, None) == {"sub": "1", "name": "A", "custom:tier": "ab"}
    assert attributes.readable(values, ["name", "dev:custom:notes"]) == {"sub": "1", "name": "A"}


def test_a_client_lists_only_what_exists_and_may_be_given():
    attributes.check_client_lists(POOL, ["sub", "email_verified", "custom:tier"], ["name"])
    attributes.check_client_lists(POOL, None, None)
    for name in ("nothing", "custom:nothing", "dev:custom:notes"):
        assert sentence_of(attributes.check_client_lists, POOL, [name], None) == (
            "Invalid read attributes specified while creating a client"
        )
    for name in ("nothing", "sub", "email_verified", "dev:custom:notes"):
        assert sentence_of(attributes.check_client_lists, POOL, None, [name], "updating") == (
            "Invalid write attributes specified while updating a client"
        )


def test_a_first_password_comes_with_exactly_the_missing_attributes():
    attributes.check_required_answers(["email", "given_name"], {"email": "a@b.co"}, {"given_name": "A"})
    assert sentence_of(attributes.check_required_answers, ["given_name"], {}, {}) == (
        "Invalid attributes given, given_name is missing"
    )
    sentence = sentence_of(
        attributes.check_required_answers,
        ["email"],
        {"email": "a@b.co"},
        {"email": "c@d.co"},
        fault=errors.NotAuthorized,
    )
    assert sentence == "Cannot modify an already provided email"
