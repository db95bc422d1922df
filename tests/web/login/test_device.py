"""The device grant from both sides: a device that polls, and a person who types its code (RFC 8628)."""

import json

import pytest
from tests.jose import Signer
from tests.machines import READ, add_api, machine
from tests.oauth import App
from tests.pages import Browser
from tests.sign_ins import claims as claims_of
from tests.world import PASSWORD

from lido.flows import pool_options

GRANT = "urn:ietf:params:oauth:grant-type:device_code"


class Device(App):
    """An app on a device: it begins, shows its code, and polls."""

    def __init__(self, house, pool_id, **arguments):
        super().__init__(house, pool_id, **{"CallbackURLs": [], "AllowedOAuthFlows": [], **arguments})
        pool_options.set_for_client(house.call(root=True), self.client_id, {"device_grant": "true"})
        self.shown = {}

    def begin(self, **form):
        status, _, self.shown = self.post("/oauth2/device_authorization", {"client_id": self.client_id, **form})
        assert status == 200, self.shown
        return self

    def poll(self):
        return self.token(grant_type=GRANT, device_code=self.shown["device_code"])

    def waits(self):
        self.house.clock.advance(seconds=6)
        return self.poll() == (400, {"error": "authorization_pending"})


@pytest.fixture
def device(house):
    pool_id = house.pool()
    house.user(pool_id, email="alice@example.com", email_verified="true")
    flows = {"AllowedOAuthFlowsUserPoolClient": True, "AllowedOAuthFlows": ["code"]}
    return Device(house, pool_id, **flows, CallbackURLs=["https://unused.example.com"])


def person(device, username="alice"):
    """Somebody at the page, who has typed the code and signed in: the question is put."""
    browser = Browser(device.house, device.pool_id, device.client_id)
    browser.open("device", "").submit(user_code=device.shown["user_code"])
    return browser.submit(username=username, password=PASSWORD)


def test_a_device_gets_tokens_when_the_person_has_let_it_in(device):
    device.begin(scope="openid email")
    assert device.shown["verification_uri"] == f"{device.base}/device"
    assert device.shown["verification_uri_complete"].endswith(f"/device?user_code={device.shown['user_code']}")
    assert (device.shown["expires_in"], device.shown["interval"]) == (600, 5)
    assert device.waits()

    browser = person(device)
    assert "Let this device in?" in browser.words
    assert device.shown["user_code"] in browser.words
    assert "alice" in browser.words
    assert device.waits(), "signing in is not yet letting in"
    browser.submit(button=0)
    assert "The device is connected" in browser.words

    device.house.clock.advance(seconds=6)
    status, told = device.poll()
    assert (status, told["token_type"]) == (200, "Bearer")
    assert claims_of(told["access_token"])["scope"] == "openid email"
    assert claims_of(told["id_token"])["email"] == "alice@example.com"
    assert device.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 200


def test_the_person_may_refuse(device):
    browser = person(device.begin()).submit(button=1)

    assert "The device was refused" in browser.words
    assert device.poll() == (400, {"error": "access_denied"})


def test_whoever_is_signed_in_is_asked_at_once(device):
    first = person(device.begin()).submit(button=1)
    device.begin()
    first.open("device", "").submit(user_code=device.shown["user_code"].lower().replace("-", " "))

    assert "Let this device in?" in first.words


def test_opening_the_whole_address_does_nothing_but_fill_in_the_code(device):
    device.begin()
    browser = Browser(device.house, device.pool_id, device.client_id)

    browser.open("device", f"user_code={device.shown['user_code']}")

    assert browser.page.field("user_code")["value"] == device.shown["user_code"]
    assert "<script" not in browser.markup
    assert browser.headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in browser.headers["content-security-policy"]
    assert device.waits()


def test_an_app_that_shares_no_sign_in_may_be_on_a_device(device):
    who = {"UserPoolId": device.pool_id}
    device.house.idp.set_user_pool_session_configuration(
        **who, UserSessionTracking="ENABLED", TokenSession={"MaxPerUser": 20}
    )
    device.house.idp.set_user_pool_client_session_configuration(
        **who, ClientId=device.client_id, SSOSession={"MaxValidityMinutes": 0}
    )

    assert person(device.begin()).submit(button=0).title == "The device is connected"
    assert device.poll()[0] == 200


def test_a_device_that_asks_too_often_shall_slow_down(device):
    device.begin()
    clock = device.house.clock

    assert device.poll()[1] == {"error": "authorization_pending"}
    clock.advance(seconds=4)
    assert device.poll()[1] == {"error": "slow_down"}
    clock.advance(seconds=6)
    assert device.poll()[1] == {"error": "slow_down"}, "it has to wait ten seconds now"
    clock.advance(seconds=15)
    assert device.poll()[1] == {"error": "authorization_pending"}


def test_a_code_is_over_after_ten_minutes(device):
    browser = person(device.begin())
    device.house.clock.advance(seconds=600)

    browser.submit(button=0)
    assert "does not wait any more" in browser.words
    assert device.poll() == (400, {"error": "expired_token"})


def test_what_was_allowed_too_late_is_over_too(device):
    person(device.begin()).submit(button=0)
    device.house.clock.advance(seconds=600)

    assert device.poll() == (400, {"error": "expired_token"})


def test_a_device_code_works_once_and_a_second_use_ends_what_the_first_gave(device):
    person(device.begin()).submit(button=0)
    _, told = device.poll()

    assert device.poll() == (400, {"error": "invalid_grant"})
    assert device.token(grant_type="refresh_token", refresh_token=told["refresh_token"])[0] == 400


def test_two_polls_at_once_give_one_living_session_at_most(device):
    from concurrent.futures import ThreadPoolExecutor

    person(device.begin()).submit(button=0)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: device.poll(), range(4)))

    assert sum(status == 200 for status, _ in answers) == 1


def test_another_client_cannot_poll_with_the_code(device):
    other = Device(
        device.house, device.pool_id, AllowedOAuthFlows=["code"], CallbackURLs=["https://unused.example.com"]
    )
    device.begin()
    other.shown = device.shown

    assert other.poll() == (400, {"error": "invalid_grant"})
    for code in ("", "nonsense", "x" * 500):
        other.shown = {"device_code": code}
        assert other.poll()[0] == 400


@pytest.mark.parametrize("deed", ["disable", "delete", "sign out", "reset", "option"])
@pytest.mark.parametrize("when", ["before the answer", "after it"])
def test_a_person_who_is_not_welcome_any_more_lets_nobody_in(device, deed, when):
    browser = person(device.begin())
    if when == "after it":
        browser.submit(button=0)
    who = {"UserPoolId": device.pool_id, "Username": "alice"}
    match deed:
        case "disable":
            device.house.idp.admin_disable_user(**who)
        case "delete":
            device.house.idp.admin_delete_user(**who)
        case "sign out":
            device.house.idp.admin_user_global_sign_out(**who)
        case "reset":
            device.house.idp.admin_reset_user_password(**who)
        case "option":
            pool_options.set_for_client(device.house.call(root=True), device.client_id, {"device_grant": ""})
    if when == "before the answer":
        browser.submit(button=0)

    assert device.poll()[0] == 400


def test_the_question_is_answered_by_the_person_it_was_put_to(device):
    device.house.user(device.pool_id, "mallory")
    device.begin()
    asked, other = person(device), person(device, "mallory")
    fields = {**asked.page.forms[0].fields, "_csrf": other.page.forms[0].fields["_csrf"], "allow": "1"}

    other.post(asked.page.forms[0].action, fields)

    assert "does not wait any more" in other.words
    assert device.waits()


def test_a_forged_form_lets_nobody_in(device):
    browser = person(device.begin())

    browser.submit(button=0, headers={"sec-fetch-site": "cross-site"})
    assert browser.status == 403
    browser = person(device)
    browser.submit(button=0, _csrf="00000000-0000-0000-0000-000000000000")
    assert browser.status == 403
    assert device.waits()


def test_codes_cannot_be_guessed_for_long(device):
    device.begin()
    browser = Browser(device.house, device.pool_id, device.client_id).open("device", "")
    for _ in range(10):
        browser.submit(user_code="BCDF-GHJK")
        assert "No device waits with this code" in browser.words

    browser.submit(user_code=device.shown["user_code"])
    assert browser.status == 429
    device.house.clock.advance(seconds=600)
    device.begin()
    browser.open("device", "").submit(user_code=device.shown["user_code"])
    assert "Sign in" in browser.words


def test_an_address_from_which_too_many_devices_begin_is_told_when_the_next_may(device, monkeypatch):
    monkeypatch.setattr("lido.flows.device_grants._DEVICES", 1)
    device.begin()
    device.house.clock.advance(seconds=100)

    status, headers, _ = device.post("/oauth2/device_authorization", {"client_id": device.client_id})
    assert (status, headers["retry-after"]) == (429, "500")
    device.house.clock.advance(seconds=500)
    device.begin()


def test_a_ticket_cannot_be_made_up(device):
    device.begin()
    browser = Browser(device.house, device.pool_id, device.client_id)
    for ticket in ("nonsense", device.shown["user_code"], device.shown["device_code"], "x" * 2_000):
        assert browser.open("login", f"client_id={device.client_id}&device={ticket}").status == 400
        assert "does not wait any more" in browser.open("device", f"device={ticket}").words


def test_a_ticket_leads_nowhere_but_to_the_question(device):
    device.begin()
    browser = Browser(device.house, device.pool_id, device.client_id)
    browser.open("device", "").submit(user_code=device.shown["user_code"])
    ticket = browser.page.forms[0].action.partition("device=")[2]
    cookie = device.browser()

    where, told = device.authorize(cookie, device=ticket, redirect_uri="https://evil.example", response_type="token")

    assert where == f"{device.base}/device"
    assert list(told) == ["device"]


def test_nobody_begins_who_may_not(house, device):
    plain = App(house, device.pool_id)
    form = {"client_id": plain.client_id}

    assert plain.post("/oauth2/device_authorization", form)[2] == {"error": "unauthorized_client"}
    assert plain.token(grant_type=GRANT, device_code="x") == (400, {"error": "unauthorized_client"})
    assert device.post("/oauth2/device_authorization", {"client_id": "nobody"})[0] == 401
    asked = {"client_id": device.client_id}
    assert device.post("/oauth2/device_authorization", {**asked, "scope": "phone"})[2] == {"error": "invalid_scope"}
    asked["resource"] = "http://api.example.com"
    assert device.post("/oauth2/device_authorization", asked)[2] == {"error": "invalid_target"}


def test_an_option_for_the_whole_pool_opens_the_grant_for_no_client_that_nobody_vouches_for(house, device):
    pool_options.set_for_pool(house.call(root=True), device.pool_id, {"device_grant": "true"})
    house.idp.update_user_pool(UserPoolId=device.pool_id, DcrConfiguration={"OpenDcrEnabled": True})
    wish = {"redirect_uris": ["https://a.example.com"], "token_endpoint_auth_method": "none"}
    url = f"http://lido.test/{device.pool_id}/oauth2/register"
    _, _, body = house.http("POST", url, {"content-type": "application/json"}, json.dumps(wish).encode())
    asked = {"client_id": json.loads(body)["client_id"]}
    add_api(house, device.pool_id)
    robot = machine(house, device.pool_id, READ)

    assert device.post("/oauth2/device_authorization", asked)[2] == {"error": "unauthorized_client"}
    assert device.post("/oauth2/device_authorization", {}, robot.basic())[2] == {"error": "unauthorized_client"}
    pool_options.set_for_client(house.call(root=True), asked["client_id"], {"device_grant": "true"})
    assert device.post("/oauth2/device_authorization", asked)[0] == 200


def test_a_confidential_device_proves_itself(house, device):
    app = Device(
        house,
        device.pool_id,
        GenerateSecret=True,
        AllowedOAuthFlows=["code"],
        CallbackURLs=["https://unused.example.com"],
    )

    assert app.post("/oauth2/device_authorization", {"client_id": app.client_id})[0] == 401
    assert app.post("/oauth2/device_authorization", {}, app.basic())[0] == 200


def test_tokens_of_a_device_may_be_bound_to_its_key(device):
    person(device.begin()).submit(button=0)
    signer = Signer("ES256")
    said = {"jti": "1", "htm": "POST", "htu": f"{device.base}/oauth2/token", "iat": device.house.clock.now() // 1000}
    proof = signer.sign(said, kid=None, typ="dpop+jwt", jwk=signer.bare)
    form = {"client_id": device.client_id, "grant_type": GRANT, "device_code": device.shown["device_code"]}

    _, _, told = device.post("/oauth2/token", form, {"dpop": proof})

    assert told["token_type"] == "DPoP"
    assert claims_of(told["access_token"])["cnf"] == {"jkt": signer.thumbprint}


def test_what_a_client_is_called_is_never_markup(house, device):
    evil = Device(
        house,
        device.pool_id,
        ClientName="a + b, c = d",
        AllowedOAuthFlows=["code"],
        CallbackURLs=["https://unused.example.com"],
    ).begin()
    browser = Browser(house, evil.pool_id, evil.client_id)

    browser.open("device", 'user_code="><script>alert(1)</script>')
    assert "alert" not in browser.markup
    browser.submit(user_code='"><img src=x>')
    assert "<img" not in browser.markup


def test_somebody_elses_app_is_asked_about_before_its_device(device):
    pool_options.set_for_client(device.house.call(root=True), device.client_id, {"third_party": "true"})
    browser = person(device.begin(scope="openid email"))

    assert "Do you want to let this app in?" in browser.words
    assert device.waits()
    browser.submit(button=0)
    assert "Let this device in?" in browser.words
    browser.submit(button=0)

    assert device.poll()[0] == 200


def test_a_device_gets_nothing_for_an_app_that_was_not_let_in(device):
    pool_options.set_for_client(device.house.call(root=True), device.client_id, {"third_party": "true"})
    browser = person(device.begin())

    browser.submit(button=1)

    device.house.clock.advance(seconds=6)
    assert device.poll() == (400, {"error": "access_denied"})
