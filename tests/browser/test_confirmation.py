"""The page that confirms a sign-up, in a browser, under its own policy and without a script."""

import json

import pytest

NAME = "al'ice<b>&amp;\"+%20"

pytestmark = pytest.mark.sdk


def test_the_button_confirms(server, idp, page):
    pool = idp.create_user_pool(
        PoolName="links",
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"},
    )["UserPool"]["Id"]
    client = idp.create_user_pool_client(UserPoolId=pool, ClientName="app")["UserPoolClient"]["ClientId"]
    idp.sign_up(
        ClientId=client,
        Username=NAME,
        Password="Passw0rd!",
        UserAttributes=[{"Name": "email", "Value": "link@example.com"}],
    )
    link = json.loads(server.lido("outbox", "--to", "link@example.com", "--last", "--json"))["link"]
    complaints = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(link)
    page.reload()
    assert page.get_by_role("heading").inner_text() == "Confirm your registration"
    page.get_by_role("button").click()

    assert "Your registration has been confirmed!" in page.inner_text("body")
    assert page.evaluate("getComputedStyle(document.body).maxWidth") != "none"
    assert [text for text in complaints if "favicon" not in text] == []
    assert idp.admin_get_user(UserPoolId=pool, Username=NAME)["UserStatus"] == "CONFIRMED"
