"""Links that confirm a sign-up: made by CONFIRM_WITH_LINK, opened in a browser, pressed once."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from botocore.exceptions import ClientError

BY_LINK = {
    "DefaultEmailOption": "CONFIRM_WITH_LINK",
    "EmailSubjectByLink": "Welcome",
    "EmailMessageByLink": "<p>Hello, {##please confirm##}.</p>",
    "EmailMessage": "Code: {####}",
}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def pool(house):
    return house.pool(AutoVerifiedAttributes=["email"], VerificationMessageTemplate=BY_LINK)


@pytest.fixture
def client(house, pool):
    return house.app(pool)["ClientId"]


def sign_up(house, client, username="alice", **more):
    house.idp_unsigned.sign_up(
        ClientId=client,
        Username=username,
        Password="Passw0rd!",
        UserAttributes=[{"Name": "email", "Value": f"{username}@example.com"}],
        **more,
    )
    return house.messages(f"{username}@example.com")[-1]


def fetch(house, link):
    parts = urlsplit(link)
    return house.http("GET", f"http://lido.test{parts.path}?{parts.query}")


def press(house, link, **changes):
    """Press the button of a page as a browser does."""
    parts = urlsplit(link)
    given = {name: values[0] for name, values in parse_qs(parts.query).items()}
    body = urlencode({**given, **changes}).encode()
    status, _, page = house.http("POST", f"http://lido.test{parts.path}", FORM, body)
    return status, page.decode()


def status_of(house, pool, username="alice"):
    user = house.idp.admin_get_user(UserPoolId=pool, Username=username)
    verified = {each["Name"]: each["Value"] for each in user["UserAttributes"]}["email_verified"]
    return user["UserStatus"], verified


def test_the_message_holds_a_link_in_the_pool_s_words(house, pool, client):
    message = sign_up(house, client)
    link = message["link"]
    assert message["subject"] == "Welcome"
    assert unescape(message["html"]) == f'<p>Hello, <a href="{link}">please confirm</a>.</p>'
    assert message["text"] == f"Hello, please confirm.\n{link}"
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}" == house.lido.settings.public_url
    assert parts.path == f"/{pool}/confirmUser"
    assert parse_qs(parts.query) == {
        "client_id": [client],
        "user_name": ["alice"],
        "confirmation_code": [message["code"]],
    }
    assert len(message["code"]) >= 22


def test_without_words_of_the_pool_cognitos_are_used(house):
    pool = house.pool(
        AutoVerifiedAttributes=["email"], VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    )
    message = sign_up(house, house.app(pool)["ClientId"])
    assert message["subject"] == "Your verification link"
    assert message["text"].startswith("Please click the link below to verify your email address. Verify Email\nhttp")


def test_fetching_the_page_uses_nothing_up_and_the_button_confirms_once(house, pool, client):
    link = sign_up(house, client)["link"]
    for _ in range(3):
        status, _, page = fetch(house, link)
        assert status == 200
    fields = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.decode())}
    assert fields == {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert status_of(house, pool) == ("UNCONFIRMED", "false")

    status, page = press(house, link)
    assert (status, "Your registration has been confirmed!" in page) == (200, True)
    assert status_of(house, pool) == ("CONFIRMED", "true")
    status, page = press(house, link)
    assert (status, "This link does not work" in page) == (400, True)


def test_a_trigger_that_fails_afterwards_does_not_make_the_link_one_that_did_not_work(house):
    arn = "arn:aws:lambda:us-east-1:000000000000:function:gone"
    pool = house.pool(
        AutoVerifiedAttributes=["email"],
        VerificationMessageTemplate=BY_LINK,
        LambdaConfig={"PostConfirmation": arn},
    )
    link = sign_up(house, house.app(pool)["ClientId"])["link"]

    status, page = press(house, link)

    assert status == 200
    assert "Your registration has been confirmed!" in page
    assert status_of(house, pool) == ("CONFIRMED", "true")
    assert press(house, link)[0] == 400


def test_a_link_is_replaced_by_the_next_and_dies_after_a_day(house, pool, client):
    first = sign_up(house, client)["link"]
    house.idp_unsigned.resend_confirmation_code(ClientId=client, Username="alice")
    second = house.messages("alice@example.com")[-1]["link"]
    assert first != second
    assert press(house, first)[0] == 400
    house.clock.advance(days=1)
    assert press(house, second)[0] == 400
    assert status_of(house, pool) == ("UNCONFIRMED", "false")


def test_the_code_of_a_link_also_confirms_through_the_api(house, pool, client):
    message = sign_up(house, client)
    house.idp_unsigned.confirm_sign_up(ClientId=client, Username="alice", ConfirmationCode=message["code"])
    assert status_of(house, pool) == ("CONFIRMED", "true")


def test_a_client_with_a_secret_is_stood_for(house, pool):
    from lido.rules.secret_hash import secret_hash

    app = house.app(pool, GenerateSecret=True)
    proof = secret_hash(app["ClientSecret"], "alice", app["ClientId"])
    link = sign_up(house, app["ClientId"], SecretHash=proof)["link"]
    assert press(house, link)[0] == 200
    assert status_of(house, pool) == ("CONFIRMED", "true")


@pytest.mark.parametrize("hides", ["ENABLED", "LEGACY"])
def test_whatever_is_wrong_is_said_alike(house, pool, hides):
    client = house.app(pool, PreventUserExistenceErrors=hides)["ClientId"]
    elsewhere = house.app(house.pool())["ClientId"]
    link = sign_up(house, client)["link"]
    used = sign_up(house, client, "used")["link"]
    press(house, used)
    answers = {
        press(house, link, confirmation_code="123456"),
        press(house, link, confirmation_code="x" * 2048),
        press(house, link, user_name="nobody"),
        press(house, link, user_name="a\x00b"),
        press(house, link, client_id=elsewhere),
        press(house, link, client_id="nobody"),
        press(house, link.replace(pool, "us-east-1_nobody000")),
        press(house, used),
    }
    assert [status for status, _ in answers] == [400]
    assert status_of(house, pool) == ("UNCONFIRMED", "false")


def test_guessing_is_bounded_by_the_budget_of_the_account(house, pool, client):
    link = sign_up(house, client)["link"]
    statuses = [press(house, link, confirmation_code=f"{number:06}")[0] for number in range(16)]
    assert statuses == [400] * 15 + [429]
    assert press(house, link)[0] == 429


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe%ff",
        b"client_id=a&client_id=b&user_name=c&confirmation_code=d",
        b"&".join(b"a%d=1" % number for number in range(100)),
        b"x" * 20_000,
        b"client_id=a&user_name=b%00&confirmation_code=d",
    ],
)
def test_a_form_that_is_no_form_is_a_link_that_does_not_work(house, pool, body):
    status, _, page = house.http("POST", f"http://lido.test/{pool}/confirmUser", FORM, body)
    assert (status, b"This link does not work" in page) == (400, True)


def test_nobody_can_write_on_the_page(house, pool):
    evil = '"><script>alert(1)</script><a href="https://evil.example">'
    query = urlencode({"client_id": evil, "user_name": evil, "confirmation_code": evil})
    status, headers, page = fetch(house, f"http://x/{pool}/confirmUser?{query}")
    assert status == 200
    assert b"<script" not in page
    assert b"<a " not in page
    assert page.count(b"&quot;&gt;&lt;script&gt;") == 3
    policy = headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src"
    )
    assert "unsafe" not in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_sms_and_a_reset_stay_codes(house, client, pool):
    message = sign_up(house, client)
    press(house, message["link"])
    house.idp_unsigned.forgot_password(ClientId=client, Username="alice")
    reset = house.messages("alice@example.com")[-1]
    assert reset["link"] == ""
    assert re.fullmatch(r"\d{6}", reset["code"])
    assert reset["html"] == f"Code: {reset['code']}"


def test_the_host_of_a_request_is_in_no_link(house, pool, client):
    body = (
        f'{{"ClientId": "{client}", "Username": "bob", "Password": "Passw0rd!", '
        '"UserAttributes": [{"Name": "email", "Value": "bob@example.com"}]}'
    )
    house.http(
        "POST",
        "http://lido.test/",
        {
            "host": "evil.example",
            "x-forwarded-host": "evil.example",
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "AWSCognitoIdentityProviderService.SignUp",
        },
        body.encode(),
    )
    assert house.messages("bob@example.com")[-1]["link"].startswith(f"{house.lido.settings.public_url}/")


def test_a_taken_address_is_not_told_apart(house):
    pool = house.pool(AutoVerifiedAttributes=["email"], AliasAttributes=["email"], VerificationMessageTemplate=BY_LINK)
    client = house.app(pool)["ClientId"]
    links = []
    for username in ("alice", "bob"):
        house.idp_unsigned.sign_up(
            ClientId=client,
            Username=username,
            Password="Passw0rd!",
            UserAttributes=[{"Name": "email", "Value": "one@example.com"}],
        )
        links.append(house.messages("one@example.com")[-1]["link"])
    assert press(house, links[0])[0] == 200
    status, page = press(house, links[1])
    assert (status, "This link does not work" in page) == (400, True)
    with pytest.raises(ClientError, match="AliasExists"):
        house.idp_unsigned.confirm_sign_up(
            ClientId=client,
            Username="bob",
            ConfirmationCode=parse_qs(urlsplit(links[1]).query)["confirmation_code"][0],
        )


def test_where_no_links_are_sent_the_page_does_not_stand_in_for_a_client_s_secret(house):
    from lido.rules.secret_hash import secret_hash

    pool = house.pool(AutoVerifiedAttributes=["email"])
    app = house.app(pool, GenerateSecret=True)
    code = sign_up(house, app["ClientId"], SecretHash=secret_hash(app["ClientSecret"], "alice", app["ClientId"]))[
        "code"
    ]
    query = urlencode({"client_id": app["ClientId"], "user_name": "alice", "confirmation_code": code})
    assert press(house, f"http://x/{pool}/confirmUser?{query}")[0] == 400
    assert status_of(house, pool) == ("UNCONFIRMED", "false")
