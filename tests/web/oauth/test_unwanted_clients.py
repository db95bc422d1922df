"""What becomes of the clients that strangers registered: nobody's go, anybody's stay."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.machines import token_of
from tests.pages import Browser
from tests.web.oauth.test_register import Place
from tests.world import PASSWORD

from lido.flows import consents, pool_options, registration, unwanted_clients
from lido.flows.chores import Chores, table

DAY = 86_400


@pytest.fixture
def place(house):
    return Place(house)


@pytest.fixture
def few(monkeypatch):
    """Three places for strangers, and a fourth for bearers of a token."""
    monkeypatch.setattr(registration, "MOST_WITH_STRANGERS", 3)
    monkeypatch.setattr(registration, "MOST_CLIENTS", 4)


def chores(house, holder="here"):
    (chore,) = (
        chore for chore in table(event_retention_days=90, message_retention_days=7) if "registered" in chore.name
    )
    return Chores(house.call, (chore,), holder=holder)


def a_day_later(house):
    house.clock.advance(seconds=DAY)
    chores(house).run_due()


def registered(place, token=None, **metadata):
    status, told = place.register(token, **metadata)
    assert status == 201, told
    place.house.clock.advance(seconds=1)
    return told["client_id"]


def living(place):
    listed = place.house.idp.list_user_pool_clients(UserPoolId=place.pool_id, MaxResults=60, ClientType="DCR")
    return {client["ClientId"] for client in listed["UserPoolClients"]}


def deletions(house, column="body"):
    with house.database.read() as tx:
        return [row[0] for row in tx.rows(f"SELECT {column} FROM events WHERE kind = 'client_deleted' ORDER BY id")]


def on_the_page_of_consent(place, client_id, **query):
    return Browser(place.house, place.pool_id, client_id, scope="openid", **query).sign_in("alice", PASSWORD)


def test_a_client_that_nobody_used_goes_after_a_day_and_not_before(place):
    client_id = registered(place)
    operators = place.house.app(place.pool_id)["ClientId"]

    place.house.clock.advance(seconds=DAY - 2)
    assert chores(place.house).run_due() == 1
    assert living(place) == {client_id}
    place.house.clock.advance(seconds=900)
    chores(place.house).run_due()

    assert living(place) == set()
    assert place.described(operators)["ClientId"] == operators
    told = '"reason":"unused"'
    assert [client_id in body and told in body.replace(" ", "") for body in deletions(place.house)] == [True]
    with place.house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM client_secrets WHERE client_id = :id", id=client_id)[0] == 0


def test_a_client_that_was_registered_with_a_token_stays(place):
    client_id = registered(place, place.token())

    a_day_later(place.house)

    assert living(place) == {client_id}


def test_a_client_that_one_person_let_in_stays_also_when_they_take_it_back(place):
    place.house.user(place.pool_id)
    asked, allowed = registered(place), registered(place)
    browser = on_the_page_of_consent(place, allowed)
    browser.submit(button=0)
    assert "code" in browser.given
    assert on_the_page_of_consent(place, asked).title == "Do you want to let this app in?"
    assert consents.withdraw(place.house.call(), place.pool_id, "alice", allowed)

    a_day_later(place.house)

    assert living(place) == {allowed}


def test_a_client_that_people_let_in_at_a_node_of_an_older_release_stays_once_it_redeems_a_code(place):
    place.house.user(place.pool_id)
    app = place.app(place.register()[1])
    browser = on_the_page_of_consent(place, app.client_id)
    browser.submit(button=0)
    with place.house.database.write() as tx:
        tx.run(
            "UPDATE clients SET expires_at = :at, version = version + 1 WHERE client_id = :id",
            at=place.house.clock.now() + 1,
            id=app.client_id,
        )

    assert app.redeem(browser.given["code"])[0] == 200
    a_day_later(place.house)

    assert living(place) == {app.client_id}


def test_a_machine_stays_once_it_got_a_token(house):
    place = Place(house, OpenDcrGrantTypes=["client_credentials"])
    wanted = {"grant_types": ["client_credentials"], "redirect_uris": None}
    idle, busy = (place.register(**wanted)[1] for _ in range(2))
    place.app(idle).post("/oauth2/token", {"grant_type": "client_credentials", "client_id": idle["client_id"]})
    for _ in range(2):
        assert token_of(place.app(busy))["access_token"]

    a_day_later(house)

    assert living(place) == {busy["client_id"]}


def updated(idp, named, _):
    idp.update_user_pool_client(**named, ClientName="Ours")


def vouched_for(_, named, house):
    pool_options.set_for_client(house.call(), named["ClientId"], {"third_party": "false"})


def tagged(idp, named, house):
    arn = idp.describe_user_pool(UserPoolId=named["UserPoolId"])["UserPool"]["Arn"]
    idp.tag_resource(ResourceArn=arn, Tags={f"lido:{named['ClientId']}:device_grant": "true"})


def dressed(idp, named, _):
    idp.create_managed_login_branding(**named, UseCognitoProvidedValues=True)


def watched(idp, named, _):
    pool = {"UserPoolId": named["UserPoolId"], "DcrConfiguration": {"OpenDcrEnabled": True}}
    idp.update_user_pool(**pool, UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"})
    action = {"EventAction": "BLOCK"}
    idp.set_risk_configuration(**named, CompromisedCredentialsRiskConfiguration={"Actions": action})


def given_terms(idp, named, _):
    links = {"cognito:default": "https://notes.example/terms"}
    idp.create_terms(**named, TermsName="terms-of-use", TermsSource="LINK", Enforcement="NONE", Links=links)


@pytest.mark.parametrize("touch", [updated, vouched_for, tagged, dressed, watched, given_terms])
def test_a_client_for_which_an_operator_set_anything_stays(place, few, touch):
    kept, other = registered(place), registered(place)
    touch(place.house.idp, {"UserPoolId": place.pool_id, "ClientId": kept}, place.house)
    registered(place)
    place.house.clock.advance(hours=1)
    displacing = registered(place)
    assert kept in living(place)
    assert other not in living(place)

    a_day_later(place.house)
    a_day_later(place.house)

    assert living(place) == {kept}
    assert displacing not in living(place)


def test_many_go_in_bites(place):
    for number in range(5):
        place.house.address = f"198.51.100.{number}"
        for _ in range(9):
            place.register()
    place.house.clock.advance(seconds=DAY)

    assert chores(place.house).run_due() == 4
    assert living(place) == set()


def test_clients_of_a_deleted_pool_hold_nobody_up(place):
    elsewhere = Place(place.house)
    for _ in range(3):
        registered(elsewhere)
    registered(place)
    place.house.idp.delete_user_pool(UserPoolId=elsewhere.pool_id)
    place.house.clock.advance(seconds=DAY)

    call = place.house.call()
    with call.db.write() as tx:
        assert unwanted_clients.expire(call, tx, 1) == 1
    assert living(place) == set()


def test_two_nodes_that_sweep_at_once_tell_each_client_once(place):
    gone = {registered(place) for _ in range(8)}
    place.house.clock.advance(seconds=DAY)

    def sweep(_):
        call = place.house.call()
        with call.db.write() as tx:
            return unwanted_clients.expire(call, tx, 20)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(sweep, range(4)))

    assert living(place) == set()
    told = deletions(place.house)
    assert sorted(client_id for client_id in gone for body in told if client_id in body) == sorted(gone)
    assert len(told) == len(gone)


def test_a_client_that_is_let_in_at_the_moment_it_goes_is_there_with_its_consent_or_neither_is(place):
    place.house.user(place.pool_id)
    found = [registered(place) for _ in range(8)]
    place.house.clock.advance(seconds=DAY - 60)
    browsers = [on_the_page_of_consent(place, client_id) for client_id in found]
    place.house.clock.advance(seconds=60)

    def sweep(_):
        call = place.house.call()
        with call.db.write() as tx:
            return unwanted_clients.expire(call, tx, 3)

    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(browser.submit, button=0) for browser in browsers]
        running += [threads.submit(sweep, None) for _ in range(2)]
        for one in running:
            one.result()

    let_in = {client_id for client_id, browser in zip(found, browsers, strict=True) if "code" in browser.given}
    with place.house.database.read() as tx:
        allowed = {row[0] for row in tx.rows("SELECT client_id FROM consents")}
    a_day_later(place.house)
    assert living(place) == let_in == allowed


@pytest.mark.parametrize("end", ["swept", "deleted"])
def test_who_is_about_to_let_it_in_is_told_as_if_an_operator_had_deleted_it(place, end):
    place.house.user(place.pool_id)
    app = place.app(place.register()[1])
    place.house.clock.advance(seconds=DAY - 60)
    browser = on_the_page_of_consent(place, app.client_id)
    place.house.clock.advance(seconds=60)
    if end == "swept":
        chores(place.house).run_due()
    else:
        place.house.idp.delete_user_pool_client(UserPoolId=place.pool_id, ClientId=app.client_id)

    browser.submit(button=0)

    assert (browser.status, browser.left) == (400, "")
    assert "code" not in browser.given
    with place.house.database.read() as tx:
        assert tx.row("SELECT count(*) FROM consents")[0] == 0
    assert app.redeem("x" * 36)[1]["error"] == "invalid_client"


def test_where_all_places_are_taken_the_oldest_that_nobody_used_makes_room_after_an_hour(place, few):
    place.house.user(place.pool_id)
    used = registered(place)
    on_the_page_of_consent(place, used).submit(button=0)
    oldest, second = registered(place), registered(place)

    status, told = place.register()
    assert (status, told["error"]) == (429, "temporarily_unavailable")
    assert place.headers["retry-after"] == "3600"
    assert living(place) == {used, oldest, second}
    place.house.clock.advance(minutes=60)
    newest = registered(place)

    assert living(place) == {used, second, newest}
    assert [oldest in body and "displaced" in body for body in deletions(place.house)] == [True]


def test_strangers_leave_places_for_bearers_of_a_token_who_need_no_stranger_s_place_until_all_are_taken(place, few):
    token = place.token()
    strangers = [registered(place) for _ in range(3)]

    assert place.register()[0] == 429
    bearer = registered(place, token)
    assert living(place) == {*strangers, bearer}
    assert place.register(token)[0] == 429, "nobody's place is an hour old"
    place.house.clock.advance(hours=1)
    second = registered(place, place.token())
    assert living(place) == {*strangers[1:], bearer, second}


def test_a_place_is_lost_to_no_refused_registration(place, few):
    for _ in range(3):
        registered(place)
    place.house.clock.advance(hours=2)

    assert place.refused(redirect_uris=["javascript:alert(1)"]) == "invalid_redirect_uri"
    assert len(living(place)) == 3
