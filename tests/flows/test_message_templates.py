import pytest

from lido.flows import message_templates
from lido.records import MessageTemplate
from lido.rules import templates

GERMAN = MessageTemplate("SignUp", "EMAIL", "de", subject="Ihr Code", html="<p>Code: <b>{####}</b></p>")


@pytest.fixture
def pool(house):
    pool = house.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate={"EmailMessage": "Pool: {####}"})
    message_templates.put(house.call(), pool, GERMAN)
    return pool


def sign_up(house, pool, username, locale):
    client = house.app(pool)["ClientId"]
    given = {"email": f"{username}@example.com", **({"locale": locale} if locale else {})}
    house.idp_unsigned.sign_up(
        ClientId=client,
        Username=username,
        Password="Passw0rd!",
        UserAttributes=[{"Name": name, "Value": value} for name, value in given.items()],
    )
    return house.messages(f"{username}@example.com")[-1]


def test_people_are_written_to_in_their_language(house, pool):
    message = sign_up(house, pool, "anna", "de-AT")
    assert message["subject"] == "Ihr Code"
    assert message["html"] == f"<p>Code: <b>{message['code']}</b></p>"
    assert message["text"] == f"Code: {message['code']}"
    assert (message["source"], message["link"]) == ("SignUp", "")


def test_others_are_written_to_in_the_pool_s_template(house, pool):
    for name, locale in (("bob", "fr"), ("carol", None), ("dave", "{####}")):
        message = sign_up(house, pool, name, locale)
        assert message["html"] == f"Pool: {message['code']}"


def test_a_default_language_speaks_to_all_others(house, pool):
    house.idp.tag_resource(
        ResourceArn=f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}",
        Tags={"lido:default_language": "de"},
    )
    assert sign_up(house, pool, "bob", "fr")["subject"] == "Ihr Code"


def test_cognitos_update_of_the_pool_keeps_the_words(house, pool):
    house.idp.update_user_pool(UserPoolId=pool, AutoVerifiedAttributes=["email"])
    assert sign_up(house, pool, "anna", "de")["subject"] == "Ihr Code"
    assert message_templates.every(house.call(), pool) == (GERMAN,)


def test_words_are_replaced_and_removed(house, pool):
    other = MessageTemplate("SignUp", "EMAIL", "de", subject="Neu", html="<p>{####}</p>")
    message_templates.put(house.call(), pool, other)
    assert message_templates.every(house.call(), pool) == (other,)
    message_templates.remove(house.call(), pool, "SignUp", "EMAIL", "DE")
    assert message_templates.every(house.call(), pool) == ()
    with pytest.raises(ValueError, match="There are no words"):
        message_templates.remove(house.call(), pool, "SignUp", "EMAIL", "de")


def test_a_pool_has_room_for_so_many_words(house, pool):
    long = "x" * 19_000 + "{####}"
    with pytest.raises(ValueError, match="room for"):
        for number in range(templates.MOST):
            language = f"de-{number}"
            message_templates.put(
                house.call(), pool, MessageTemplate("SignUp", "EMAIL", language, subject="x", html=long, text=long)
            )
    assert sum(len(each.html) for each in message_templates.every(house.call(), pool)) < templates.MOST_CHARACTERS


def test_an_invitation_names_the_user(house, pool):
    words = MessageTemplate("AdminCreateUser", "EMAIL", "de", subject="Für {username}", text="{username}: {####}")
    message_templates.put(house.call(), pool, words)
    house.idp.admin_create_user(
        UserPoolId=pool,
        Username="<anna>",
        DesiredDeliveryMediums=["EMAIL"],
        UserAttributes=[{"Name": "email", "Value": "anna@example.com"}, {"Name": "locale", "Value": "de"}],
    )
    message = house.messages("anna@example.com")[-1]
    assert message["subject"] == "Für <anna>"
    assert message["text"] == f"<anna>: {message['code']}"
    assert message["html"] == ""


def test_codes_that_sign_in_and_reset_have_words_of_their_own(house, pool):
    client = house.app(pool)["ClientId"]
    house.user(pool, "anna", email="anna@example.com", email_verified="true", locale="de")
    for source in ("ForgotPassword", "VerifyUserAttribute"):
        message_templates.put(
            house.call(), pool, MessageTemplate(source, "EMAIL", "de", subject=source, text="Code: {####}")
        )
    house.idp_unsigned.forgot_password(ClientId=client, Username="anna")
    assert house.messages("anna@example.com")[-1]["subject"] == "ForgotPassword"
