"""CustomMessage beside a pool's own words, and beside links that confirm."""

import pytest
from tests.sign_ins import refusal
from tests.triggers.conftest import answering, unchanged

from lido.flows import message_templates
from lido.records import MessageTemplate

GERMAN = [{"Name": "email", "Value": "alice@example.com"}, {"Name": "locale", "Value": "de"}]
BY_LINK = {
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK", "EmailMessageByLink": "{##ours##}"}
}


def with_own_words(people):
    words = MessageTemplate("SignUp", "EMAIL", "de", subject="Ihr Code", text="Code: {####}")
    message_templates.put(people.house.call(), people.pool_id, words)
    return people


def last(people):
    return people.house.messages("alice@example.com")[-1]


@pytest.mark.parametrize("said", [{"emailMessage": "Blue: {####}"}, {"emailSubject": "Blue"}])
def test_what_the_trigger_says_outweighs_the_pool_s_own_words(triggered, said):
    people = with_own_words(triggered(CustomMessage=answering(**said)))
    people.sign_up(UserAttributes=GERMAN)
    assert "Blue" in last(people)["html"] + last(people)["subject"]
    assert last(people)["subject"] != "Ihr Code"


def test_who_says_nothing_leaves_the_pool_s_own_words(triggered):
    people = with_own_words(triggered(CustomMessage=unchanged))
    people.sign_up(UserAttributes=GERMAN)
    assert last(people)["subject"] == "Ihr Code"


def test_the_trigger_words_a_link(triggered):
    people = triggered(
        pool=BY_LINK, CustomMessage=answering(emailMessage="Blue: {##Click Here##}", emailSubject="Blue")
    )
    people.sign_up()
    message = last(people)
    assert message["subject"] == "Blue"
    assert message["html"].startswith('Blue: <a href="http')
    assert message["html"].endswith(">Click Here</a>")
    assert message["link"] in message["text"]


@pytest.mark.parametrize(
    ("pool", "words"), [(BY_LINK, "Blue: {####}"), ({}, "Blue: {##Click Here##}")], ids=["a code", "a link"]
)
def test_words_with_the_place_of_the_other_are_refused(triggered, pool, words):
    people = triggered(pool=pool, CustomMessage=answering(emailMessage=words))

    assert refusal(people.sign_up) == ("InvalidLambdaResponse", "Unrecognizable lambda output")
    assert people.house.messages() == []
