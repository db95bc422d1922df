import pytest

from lido import errors
from lido.rules import schema


def named(name, **members):
    return {"Name": name, "AttributeDataType": "String", **members}


def test_a_new_pool_knows_the_standard_attributes_in_classic_order():
    attributes = schema.standard_attributes()
    assert [attribute["Name"] for attribute in attributes][:4] == ["sub", "name", "given_name", "family_name"]
    assert len(attributes) == 21
    assert attributes[0] == {
        "Name": "sub",
        "AttributeDataType": "String",
        "DeveloperOnlyAttribute": False,
        "Mutable": False,
        "Required": True,
        "StringAttributeConstraints": {"MinLength": "1", "MaxLength": "2048"},
    }
    by_name = {attribute["Name"]: attribute for attribute in attributes}
    assert by_name["birthdate"]["StringAttributeConstraints"] == {"MinLength": "10", "MaxLength": "10"}
    assert by_name["updated_at"]["NumberAttributeConstraints"] == {"MinValue": "0"}
    assert by_name["email_verified"]["AttributeDataType"] == "Boolean"
    assert by_name["identities"]["StringAttributeConstraints"] == {}


def test_a_change_of_one_pool_does_not_reach_another():
    schema.standard_attributes()[1]["StringAttributeConstraints"]["MaxLength"] = "1"
    assert schema.standard_attributes()[1]["StringAttributeConstraints"]["MaxLength"] == "2048"


def test_a_standard_attribute_may_be_required_immutable_and_bounded():
    merged = schema.merge([{"Name": "email", "Required": True, "Mutable": False}])
    email = next(attribute for attribute in merged if attribute["Name"] == "email")
    assert email["Required"]
    assert not email["Mutable"]
    assert email["StringAttributeConstraints"] == {"MinLength": "0", "MaxLength": "2048"}


def test_sub_stays_as_it_is():
    assert schema.merge([named("sub", Mutable=True, Required=False)])[0] == schema.standard_attributes()[0]


def test_custom_attributes_follow_with_their_full_names():
    merged = schema.merge([named("tier"), named("secret", DeveloperOnlyAttribute=True, Mutable=False)])
    assert merged[-2:] == [
        {
            "Name": "custom:tier",
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": False,
            "Mutable": True,
            "Required": False,
            "StringAttributeConstraints": {},
        },
        {
            "Name": "dev:custom:secret",
            "AttributeDataType": "String",
            "DeveloperOnlyAttribute": True,
            "Mutable": False,
            "Required": False,
            "StringAttributeConstraints": {},
        },
    ]


@pytest.mark.parametrize(
    "wanted, sentence",
    [
        ([named("tier", Required=True)], "Required custom attributes are not supported currently."),
        (
            [{"Name": "email", "AttributeDataType": "Number"}],
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (
            [{"Name": "email", "DeveloperOnlyAttribute": True}],
            "You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email",
        ),
        (
            [{"Name": "tier"}],
            "Invalid AttributeDataType input, consider using the provided AttributeDataType enum.",
        ),
        (
            [named("tier", StringAttributeConstraints={"MaxLength": "many"})],
            "Invalid StringAttributeConstraints for schema attribute custom:tier",
        ),
        (
            [named("tier", StringAttributeConstraints={"MaxLength": "٣"})],
            "Invalid StringAttributeConstraints for schema attribute custom:tier",
        ),
        (
            [named("tier", StringAttributeConstraints={"MinLength": "9", "MaxLength": "8"})],
            "Attribute custom:tier cannot have a max length shorter than it's min length",
        ),
        (
            [
                {
                    "Name": "n",
                    "AttributeDataType": "Number",
                    "NumberAttributeConstraints": {"MinValue": "2", "MaxValue": "1"},
                }
            ],
            "Attribute custom:n cannot have a max value smaller than it's min value",
        ),
        (
            [{"Name": "n", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MaxValue": "9" * 309}}],
            "Invalid NumberAttributeConstraints for schema attribute custom:n",
        ),
        (
            [named("tier"), named("tier", DeveloperOnlyAttribute=True)],
            "Duplicate custom attribute names custom:tier are not allowed in a user pool schema.",
        ),
        ([named(f"a{n}") for n in range(51)], "A user pool cannot have more than 50 custom attributes."),
    ],
)
def test_a_schema_that_cannot_be_is_refused_in_cognitos_words(wanted, sentence):
    with pytest.raises(errors.InvalidParameter) as refusal:
        schema.merge(wanted)
    assert refusal.value.message == sentence


def test_a_name_is_taken_once_whoever_may_see_it():
    existing = schema.merge([named("banana", DeveloperOnlyAttribute=True)])
    with pytest.raises(errors.InvalidParameter) as refusal:
        schema.add(existing, [named("banana")])
    assert refusal.value.message == "custom:banana: Existing attribute already has name dev:custom:banana."


def test_added_attributes_are_custom_even_under_a_standard_name():
    assert [attribute["Name"] for attribute in schema.add(schema.merge([]), [named("email")])] == ["custom:email"]


def test_fifty_custom_attributes_are_all():
    existing = schema.merge([named(f"a{n}") for n in range(49)])
    assert schema.add(existing, [named("b")])
    with pytest.raises(errors.InvalidParameter):
        schema.add(existing, [named("b"), named("c")])
