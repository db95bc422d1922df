"""Users: made, invited, read, kept out, let in again and deleted."""

import re

import pytest
from tests.tokens import access_token

SILENT = {"MessageAction": "SUPPRESS"}


def attributes(**values):
    return [{"Name": name, "Value": value} for name, value in values.items()]


def named(found):
    return {attribute["Name"]: attribute["Value"] for attribute in found}


def events(house, pool, sub):
    with house.database.read() as tx:
        return [
            row[0]
            for row in tx.rows(
                "SELECT kind FROM events WHERE pool_id = :pool AND sub = :sub ORDER BY id", pool=pool, sub=sub
            )
        ]


def create(idp, pool, username="alice", values=None, **arguments):
    return idp.admin_create_user(
        UserPoolId=pool, Username=username, UserAttributes=attributes(**(values or {})), **{**SILENT, **arguments}
    )["User"]


def test_a_created_user_must_choose_a_password(house, idp):
    pool = house.pool()

    user = create(idp, pool, values={"email": "alice@example.com", "email_verified": "True", "name": "Alice"})

    assert user["Username"] == "alice"
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["Enabled"] is True
    assert user["UserCreateDate"] == user["UserLastModifiedDate"]
    assert "MFAOptions" not in user
    shown = named(user["Attributes"])
    assert re.fullmatch("[0-9a-f-]{36}", shown.pop("sub"))
    assert shown == {"email": "alice@example.com", "email_verified": "true", "name": "Alice"}


def test_a_created_user_is_read_back_by_name_alias_and_sub(house, idp):
    pool = house.pool(AliasAttributes=["email"])
    made = create(idp, pool, values={"email": "alice@example.com", "email_verified": "true"})
    sub = named(made["Attributes"])["sub"]

    for name in ("alice", "alice@example.com", sub):
        found = idp.admin_get_user(UserPoolId=pool, Username=name)
        found.pop("ResponseMetadata")
        assert found.pop("UserAttributes") == made["Attributes"]
        assert found == {name: value for name, value in made.items() if name != "Attributes"}


def test_an_unverified_address_is_no_alias(house, idp):
    pool = house.pool(AliasAttributes=["email"])
    create(idp, pool, values={"email": "alice@example.com"})
    with pytest.raises(idp.exceptions.UserNotFoundException, match=r"User does not exist."):
        idp.admin_get_user(UserPoolId=pool, Username="alice@example.com")


def test_a_name_is_taken_once(house, idp):
    pool = house.pool(UsernameConfiguration={"CaseSensitive": False})
    create(idp, pool)
    with pytest.raises(idp.exceptions.UsernameExistsException, match=r"User account already exists"):
        create(idp, pool, "ALICE")


def test_case_makes_another_name_where_the_pool_heeds_it(house, idp):
    pool = house.pool()
    create(idp, pool)
    assert create(idp, pool, "Alice")["Username"] == "Alice"


def test_nobody_is_called_like_somebody_elses_sub(house, idp):
    pool = house.pool()
    sub = named(create(idp, pool)["Attributes"])["sub"]
    with pytest.raises(idp.exceptions.UsernameExistsException):
        create(idp, pool, sub)


def test_a_username_that_is_an_address_becomes_the_sub(house, idp):
    pool = house.pool(UsernameAttributes=["email"])

    user = create(idp, pool, "alice@example.com")

    shown = named(user["Attributes"])
    assert user["Username"] == shown["sub"]
    assert shown["email"] == "alice@example.com"
    assert shown["email_verified"] == "false"
    assert idp.admin_get_user(UserPoolId=pool, Username="alice@example.com")["Username"] == shown["sub"]
    with pytest.raises(
        idp.exceptions.UsernameExistsException, match=r"An account with the given email already exists."
    ):
        create(idp, pool, "alice@example.com")


def test_a_username_that_is_no_address_is_refused_where_it_must_be_one(house, idp):
    pool = house.pool(UsernameAttributes=["email"])
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"Username should be an email."):
        create(idp, pool, "alice")
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"email should be empty or same as username"):
        create(idp, pool, "alice@example.com", {"email": "bob@example.com"})


def test_a_username_may_not_look_like_an_alias(house, idp):
    pool = house.pool(AliasAttributes=["email"])
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"Username cannot be of email format"):
        create(idp, pool, "alice@example.com")


def test_a_verified_alias_of_somebody_else_is_moved_only_by_force(house, idp):
    pool = house.pool(AliasAttributes=["email"])
    address = {"email": "shared@example.com", "email_verified": "true"}
    create(idp, pool, "alice", address)
    with pytest.raises(
        idp.exceptions.UsernameExistsException, match=r"An account with the given email already exists."
    ):
        create(idp, pool, "bob", address)
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=pool, Username="bob")

    create(idp, pool, "bob", address, ForceAliasCreation=True)

    assert idp.admin_get_user(UserPoolId=pool, Username="shared@example.com")["Username"] == "bob"
    loser = idp.admin_get_user(UserPoolId=pool, Username="alice")
    assert named(loser["UserAttributes"])["email_verified"] == "false"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"custom:none": "x"}, "custom:none: Attribute does not exist in the schema.\n"),
        ({"email": "nobody"}, "Invalid email address format."),
        ({"phone_number": "0123"}, "Invalid phone number format."),
        ({"sub": "x"}, "sub"),
        ({"email_verified": "perhaps"}, "email_verified"),
    ],
)
def test_attributes_must_conform(house, idp, values, sentence):
    pool = house.pool()
    with pytest.raises(idp.exceptions.InvalidParameterException, match=sentence):
        create(idp, pool, values=values)


def test_required_attributes_may_wait_for_the_first_sign_in(house, idp):
    pool = house.pool(Schema=[{"Name": "given_name", "Required": True}])
    assert create(idp, pool)["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_an_operators_password_must_conform_to_the_policy(house, idp):
    pool = house.pool()
    with pytest.raises(
        idp.exceptions.InvalidPasswordException,
        match=r"Password did not conform with policy: Password must have uppercase characters",
    ):
        create(idp, pool, TemporaryPassword="passw0rd!")


def test_where_codes_sign_in_a_user_without_a_password_is_confirmed_and_complete(house, idp):
    pool = house.pool(
        Schema=[{"Name": "given_name", "Required": True}],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    with pytest.raises(idp.exceptions.InvalidParameterException, match=r"given_name: The attribute is required"):
        create(idp, pool)
    assert create(idp, pool, values={"given_name": "Alice"})["UserStatus"] == "CONFIRMED"
    assert create(idp, pool, "bob", TemporaryPassword="Passw0rd!")["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_an_invitation_carries_a_password_that_conforms(house, idp):
    policy = {"MinimumLength": 20, "RequireSymbols": True, "RequireNumbers": True}
    pool = house.pool(Policies={"PasswordPolicy": policy})

    idp.admin_create_user(
        UserPoolId=pool,
        Username="alice",
        UserAttributes=attributes(email="alice@example.com"),
        DesiredDeliveryMediums=["EMAIL"],
    )

    (message,) = house.messages("alice@example.com")
    assert message["source"] == "AdminCreateUser"
    assert message["medium"] == "EMAIL"
    assert "alice" in message["text"]
    assert message["code"] in message["text"]
    assert len(message["code"]) >= 20


def test_an_invitation_leaves_by_sms_unless_asked_otherwise(house, idp):
    pool = house.pool()
    both = attributes(email="alice@example.com", phone_number="+491234567890")

    idp.admin_create_user(UserPoolId=pool, Username="alice", UserAttributes=both, TemporaryPassword="Passw0rd!")
    idp.admin_create_user(UserPoolId=pool, Username="bob", UserAttributes=both, DesiredDeliveryMediums=["EMAIL", "SMS"])
    idp.admin_create_user(UserPoolId=pool, Username="carol", UserAttributes=both, MessageAction="SUPPRESS")
    idp.admin_create_user(UserPoolId=pool, Username="dave", DesiredDeliveryMediums=["EMAIL"])

    sent = house.messages()
    assert sorted(message["medium"] for message in sent) == ["EMAIL", "SMS", "SMS"]
    assert "Passw0rd!" in sent[0]["text"]


def test_a_second_invitation_brings_another_password(house, idp):
    pool = house.pool()
    given = {"Username": "alice", "DesiredDeliveryMediums": ["EMAIL"], "UserPoolId": pool}
    idp.admin_create_user(**given, UserAttributes=attributes(email="alice@example.com"))
    house.clock.advance(days=1)

    user = idp.admin_create_user(**given, MessageAction="RESEND")["User"]

    first, second = house.messages("alice@example.com")
    assert first["code"] != second["code"]
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert user["UserLastModifiedDate"] > user["UserCreateDate"]
    assert events(house, pool, named(user["Attributes"])["sub"]) == ["user_created", "invited"]


def test_only_who_waits_for_a_first_password_is_invited_again(house, idp):
    pool = house.pool(Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}})
    create(idp, pool)
    with pytest.raises(
        idp.exceptions.UnsupportedUserStateException,
        match=r"Resend not possible. alice status is not FORCE_CHANGE_PASSWORD",
    ):
        create(idp, pool, MessageAction="RESEND")
    with pytest.raises(idp.exceptions.UserNotFoundException):
        create(idp, pool, "nobody", MessageAction="RESEND")


def test_a_temporary_password_has_the_life_that_the_policy_gives_it(house, idp):
    pool = house.pool(Policies={"PasswordPolicy": {"MinimumLength": 8, "TemporaryPasswordValidityDays": 3}})
    create(idp, pool)
    with house.database.read() as tx:
        row = tx.row("SELECT temporary, expires_at FROM passwords WHERE pool_id = :pool", pool=pool)
    assert row == (True, house.clock.now() + 3 * 86_400_000)


def test_a_pool_with_a_pre_sign_up_trigger_refuses_rather_than_forget_it(house, idp):
    pool = house.pool(LambdaConfig={"PreSignUp": "arn:aws:lambda:us-east-1:000000000000:function:check"})
    with pytest.raises(idp.exceptions.UnexpectedLambdaException, match=r"PreSignUp"):
        create(idp, pool)


def test_operators_meet_unknown_users_and_pools_by_their_names(house, idp):
    pool = house.pool()
    for ask in (idp.admin_get_user, idp.admin_enable_user, idp.admin_disable_user, idp.admin_delete_user):
        with pytest.raises(idp.exceptions.UserNotFoundException, match=r"User does not exist."):
            ask(UserPoolId=pool, Username="nobody")
        with pytest.raises(idp.exceptions.ResourceNotFoundException):
            ask(UserPoolId="us-east-1_nowhere12", Username="nobody")


def test_a_disabled_user_keeps_status_and_loses_tokens_for_good(house, idp):
    pool = house.pool()
    token = access_token(house, pool, house.app(pool)["ClientId"], create(idp, pool)["Username"])
    assert house.idp_unsigned.get_user(AccessToken=token)["Username"] == "alice"

    idp.admin_disable_user(UserPoolId=pool, Username="alice")
    idp.admin_disable_user(UserPoolId=pool, Username="alice")

    found = idp.admin_get_user(UserPoolId=pool, Username="alice")
    assert (found["Enabled"], found["UserStatus"]) == (False, "FORCE_CHANGE_PASSWORD")
    with pytest.raises(idp.exceptions.NotAuthorizedException, match=r"User is disabled."):
        house.idp_unsigned.get_user(AccessToken=token)

    idp.admin_enable_user(UserPoolId=pool, Username="alice")
    idp.admin_enable_user(UserPoolId=pool, Username="alice")

    assert idp.admin_get_user(UserPoolId=pool, Username="alice")["Enabled"] is True
    with pytest.raises(idp.exceptions.NotAuthorizedException, match=r"Access Token has been revoked"):
        house.idp_unsigned.get_user(AccessToken=token)


@pytest.mark.parametrize("end", ["admin_disable_user", "admin_delete_user"])
def test_what_a_sign_in_gave_dies_with_the_account(house, idp, end):
    pool = house.pool()
    house.user(pool, "alice", "Passw0rd!")
    client = house.app(pool)["ClientId"]
    tokens = house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "alice", "PASSWORD": "Passw0rd!"},
        ClientId=client,
    )["AuthenticationResult"]
    assert house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])["Username"] == "alice"

    getattr(idp, end)(UserPoolId=pool, Username="alice")

    with pytest.raises(idp.exceptions.ClientError):
        house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])
    with pytest.raises(idp.exceptions.ClientError):
        house.idp_unsigned.get_tokens_from_refresh_token(RefreshToken=tokens["RefreshToken"], ClientId=client)
    if end == "admin_delete_user":
        house.user(pool, "alice", "Passw0rd!")
    else:
        idp.admin_enable_user(UserPoolId=pool, Username="alice")
    with pytest.raises(idp.exceptions.ClientError):
        house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])


def test_people_see_what_their_app_may_read_and_nothing_of_their_state(house, idp):
    pool = house.pool(Schema=[{"Name": "tier", "AttributeDataType": "String"}])
    values = {"email": "alice@example.com", "name": "Alice", "custom:tier": "gold"}
    create(idp, pool, values=values)
    all_of_it = access_token(house, pool, house.app(pool)["ClientId"], "alice")
    some = access_token(house, pool, house.app(pool, ReadAttributes=["email", "custom:tier"])["ClientId"], "alice")

    found = house.idp_unsigned.get_user(AccessToken=all_of_it)
    assert set(found) == {"Username", "UserAttributes", "ResponseMetadata"}
    assert found["UserAttributes"][0]["Name"] == "sub"
    assert named(found["UserAttributes"]).items() >= {**values, "email_verified": "false"}.items()
    few = named(house.idp_unsigned.get_user(AccessToken=some)["UserAttributes"])
    assert set(few) == {"sub", "email", "custom:tier"}


def test_a_deleted_user_is_gone_with_every_handle_and_a_namesake_gets_nothing_old(house, idp):
    pool = house.pool(AliasAttributes=["email"])
    address = {"email": "alice@example.com", "email_verified": "true"}
    old = named(create(idp, pool, values=address)["Attributes"])["sub"]
    token = access_token(house, pool, house.app(pool)["ClientId"], "alice")

    answer = idp.admin_delete_user(UserPoolId=pool, Username="alice@example.com")

    assert set(answer) == {"ResponseMetadata"}
    assert events(house, pool, old) == ["user_created", "deleted"]
    new = named(create(idp, pool, values=address)["Attributes"])["sub"]
    assert new != old
    with pytest.raises(idp.exceptions.UserNotFoundException):
        house.idp_unsigned.get_user(AccessToken=token)
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_delete_user(UserPoolId=pool, Username=old)


def test_people_delete_themselves_once(house, idp):
    pool = house.pool(UsernameAttributes=["email"])
    username = create(idp, pool, "alice@example.com")["Username"]
    token = access_token(house, pool, house.app(pool)["ClientId"], username)

    house.idp_unsigned.delete_user(AccessToken=token)

    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=pool, Username="alice@example.com")
    with pytest.raises(idp.exceptions.UserNotFoundException):
        house.idp_unsigned.delete_user(AccessToken=token)
    assert create(idp, pool, "alice@example.com")["Username"] != username


def test_nothing_is_read_with_a_token_of_ones_own_making(house, idp):
    for token in ("x", "a.b.c", "eyJhbGciOiJub25lIn0.e30."):
        with pytest.raises(idp.exceptions.NotAuthorizedException, match=r"Invalid Access Token"):
            house.idp_unsigned.get_user(AccessToken=token)


def test_a_namesake_in_another_pool_is_somebody_else(house, idp):
    here, there = house.pool(), house.pool()
    create(idp, here)
    with pytest.raises(idp.exceptions.UserNotFoundException):
        idp.admin_get_user(UserPoolId=there, Username="alice")
