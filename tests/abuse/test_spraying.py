"""One password at thousands of accounts: what fails is counted for the network that it comes from, in each pool."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.authenticators import Guarded
from tests.house.test_plans import Watching
from tests.operations.idp.test_choice import Choosers
from tests.operations.round_trips.confidential import Confidential
from tests.pages import Browser, oauth_app
from tests.sign_ins import People, refusal
from tests.world import FLOWS, PASSWORD, World, sign_by

from lido.flows import pool_options
from lido.flows.chores import Chores, table

MOST = 4
REFUSED = ("TooManyRequests", "Attempt limit exceeded, please try after some time.")
WRONG = ("NotAuthorized", "Incorrect username or password.")
GUESS = "Summer-2026!"
TAGS = {"UserPoolTags": {"lido:failures_per_network": str(MOST)}}
HIDING = {"PreventUserExistenceErrors": "ENABLED"}


@pytest.fixture
def people(house):
    people = People(house, pool=TAGS, **HIDING)
    people.alice()
    return people


def spray(people, times=MOST, *, begin=0):
    """One guess at each of so many accounts that nobody has."""
    for number in range(begin, begin + times):
        assert refusal(people.sign_in, f"employee{number}", GUESS) == WRONG


def counted(people):
    """What is counted for networks in the pool."""
    with people.house.database.read() as tx:
        rows = tx.rows(
            "SELECT subject, used FROM budgets WHERE pool_id = :pool_id AND kind = 'failures'", pool_id=people.pool_id
        )
    return {row[0]: row[1] for row in rows}


def limit(people, most=MOST):
    """So many may fail from now on."""
    pool_options.set_for_pool(people.house.call(), people.pool_id, {"failures_per_network": str(most)})


def test_a_network_that_failed_too_often_is_refused_with_the_right_password_too(people):
    spray(people)

    assert refusal(people.sign_in) == REFUSED
    assert refusal(people.sign_in, "nobody", GUESS) == REFUSED
    assert people.sessions() == 0


def test_real_accounts_and_imagined_ones_use_up_the_same(people):
    for name in ("bob", "carol"):
        people.house.user(people.pool_id, name)
        assert refusal(people.sign_in, name, GUESS) == WRONG
    spray(people, 2)

    assert counted(people) == {"203.0.113.0/24": MOST}
    assert [refusal(people.sign_in, name, GUESS) for name in ("alice", "bob", "employee0", "nobody")] == [REFUSED] * 4


def test_what_is_refused_so_is_not_judged(people):
    spray(people)
    for _ in range(6):
        assert refusal(people.sign_in, "alice", GUESS) == REFUSED
    people.house.address = "198.51.100.7"

    assert people.sign_in(), "no lockout has counted them"


def test_all_addresses_of_a_network_share_it_and_no_other_network_does(people):
    for number in range(MOST):
        people.house.address = f"203.0.113.{number}"
        spray(people, 1, begin=number)
    people.house.address = "203.0.113.200"
    assert refusal(people.sign_in) == REFUSED

    people.house.address = "203.0.114.200"
    assert people.sign_in()


def test_of_version_6_a_network_has_forty_eight_bits(people):
    for number in range(MOST):
        people.house.address = f"2001:db8:7:{number}::{number}"
        spray(people, 1, begin=number)
    people.house.address = "2001:db8:7:ffff::1"
    assert refusal(people.sign_in) == REFUSED

    people.house.address = "2001:db8:8::1"
    assert people.sign_in()


def test_another_pool_does_not_notice(people):
    spray(people)
    other = People(people.house, pool=TAGS, **HIDING)
    other.alice()

    assert other.sign_in()
    assert refusal(people.sign_in) == REFUSED


def test_after_ten_minutes_it_is_over(people):
    spray(people, 1)
    people.house.clock.advance(minutes=9)
    spray(people, MOST - 1)
    assert refusal(people.sign_in) == REFUSED

    people.house.clock.advance(minutes=1)
    assert people.sign_in()
    spray(people, MOST)
    assert refusal(people.sign_in) == REFUSED


def test_two_nodes_count_together(people):
    other = World(people.house.database)
    other.clock = other.lido.clock = people.house.clock
    elsewhere = People.__new__(People)
    elsewhere.house, elsewhere.pool_id, elsewhere.client_id = other, people.pool_id, people.client_id
    try:
        spray(people, MOST // 2)
        spray(elsewhere, MOST // 2)
        assert refusal(elsewhere.sign_in) == REFUSED
    finally:
        other.close()
    assert refusal(people.sign_in) == REFUSED


def test_guesses_side_by_side_are_counted_each(people):
    def guess(number):
        return refusal(people.sign_in, f"employee{number}", GUESS).name

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(guess, range(40)))

    assert answers.count("NotAuthorized") <= MOST + 3, "those under way when it ends are judged, and no more"
    assert refusal(people.sign_in) == REFUSED


def test_what_succeeds_is_never_too_much_and_writes_nothing(people):
    tokens = [people.sign_in() for _ in range(3 * MOST)][-1]
    people.srp().authenticate_user()
    people.refresh(tokens["RefreshToken"])

    assert counted(people) == {}
    spray(people)


def test_a_right_password_runs_no_statement_for_it(database):
    watching = Watching(database)
    house = World(watching)
    sign_by(house.clock)
    people = People(house, pool=TAGS)
    people.alice()
    watching.seen.clear()
    people.sign_in()
    house.close()

    (told_by,) = [sql for sql in watching.seen if "budgets" in sql]
    assert "LEFT JOIN users" in told_by, "the read that a sign-in begins with"


def test_who_is_signed_in_stays_so_whatever_others_of_the_network_do(people):
    kept = people.sign_in()
    spray(people)
    refusal(people.refresh, "nonsense")

    assert people.refresh(kept["RefreshToken"])
    assert people.house.idp_unsigned.get_user(AccessToken=kept["AccessToken"])


def guess_by_srp(people):
    return people.srp(password=GUESS).authenticate_user()


def show_names(people):
    people.house.idp.update_user_pool_client(
        UserPoolId=people.pool_id,
        ClientId=people.client_id,
        ExplicitAuthFlows=FLOWS,
        PreventUserExistenceErrors="LEGACY",
    )


def guess_a_name(people):
    show_names(people)
    people.sign_in("nobody", GUESS)


def guess_a_name_that_forgot(people):
    show_names(people)
    people.house.idp_unsigned.forgot_password(ClientId=people.client_id, Username="nobody")


def guess_a_reset_code(people):
    people.house.idp_unsigned.confirm_forgot_password(
        ClientId=people.client_id, Username="nobody", ConfirmationCode="000000", Password="New-Passw0rd!"
    )


def guess_a_confirmation(people):
    people.house.idp_unsigned.confirm_sign_up(ClientId=people.client_id, Username="nobody", ConfirmationCode="000000")


@pytest.mark.parametrize(
    ("guess", "name"),
    [
        (guess_by_srp, "NotAuthorized"),
        (guess_a_name, "UserNotFound"),
        (guess_a_name_that_forgot, "UserNotFound"),
        (guess_a_reset_code, "CodeMismatch"),
        (guess_a_confirmation, "CodeMismatch"),
    ],
)
def test_every_way_of_guessing_counts_once_and_ends_with_the_others(people, guess, name):
    assert refusal(guess, people).name == name
    assert counted(people) == {"203.0.113.0/24": 1}
    people.house.idp.update_user_pool_client(
        UserPoolId=people.pool_id, ClientId=people.client_id, ExplicitAuthFlows=FLOWS, **HIDING
    )
    spray(people, MOST - 1)

    assert refusal(guess, people) == REFUSED


def test_a_code_that_is_sent_to_sign_in_is_a_guess_too(house):
    people = Choosers(house)
    asked = people.choose(PREFERRED_CHALLENGE="EMAIL_OTP")["Session"]
    limit(people)
    for _ in range(2):
        refusal(people.respond, "EMAIL_OTP", asked, USERNAME="alice", EMAIL_OTP_CODE="x")
    assert counted(people) == {"203.0.113.0/24": 2}
    limit(people, 2)

    given = {"USERNAME": "alice", "EMAIL_OTP_CODE": house.code("alice@example.com")}
    assert refusal(people.respond, "EMAIL_OTP", asked, **given) == REFUSED


def test_a_locked_account_leads_to_no_more_questions_than_others(people):
    for number in range(5):
        people.house.address = f"198.51.{number}.7"
        refusal(people.sign_in, "alice", GUESS)
    people.house.address = "203.0.113.7"
    for _ in range(MOST):
        assert refusal(people.sign_in) == ("NotAuthorized", "Password attempts exceeded")

    assert refusal(people.sign_in) == REFUSED


def test_who_has_shown_a_password_may_go_on_and_wrong_second_factors_are_the_accounts_own(house):
    people = Guarded(house)
    people.alice()
    app = people.enrol(people.sign_in()["AccessToken"])
    limit(people)
    challenge = people.challenged()
    refusal(people.finish, challenge["Session"], app.wrong())
    assert counted(people) == {}
    for number in range(MOST):
        refusal(people.sign_in, f"employee{number}", GUESS)
    assert refusal(people.sign_in) == REFUSED

    house.clock.advance(seconds=30)
    assert people.finish(challenge["Session"], app.code())["AccessToken"]


def test_an_operators_server_signs_in_for_everybody(people):
    for _ in range(3):
        for name in ("employee1", "employee2", "employee3", "employee4"):
            refusal(people.admin_initiate, USERNAME=name, PASSWORD=GUESS)

    assert counted(people) == {}
    spray(people)
    assert people.admin_initiate(USERNAME="alice", PASSWORD=PASSWORD)["AuthenticationResult"]


def test_an_operators_server_may_tell_whom_it_signs_in_for(people):
    def sign_in(username, password, address="192.0.2.44"):
        return people.house.idp.admin_initiate_auth(
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            UserPoolId=people.pool_id,
            ClientId=people.client_id,
            AuthParameters={"USERNAME": username, "PASSWORD": password},
            ContextData={"IpAddress": address, "ServerName": "s", "ServerPath": "/", "HttpHeaders": []},
        )

    for number in range(MOST):
        refusal(sign_in, f"employee{number}", GUESS)

    assert counted(people) == {"192.0.2.0/24": MOST}
    assert refusal(sign_in, "alice", PASSWORD) == REFUSED
    assert refusal(sign_in, "alice", PASSWORD, "::ffff:192.0.2.1") == REFUSED
    assert sign_in("alice", PASSWORD, "elsewhere")["AuthenticationResult"]
    assert sign_in("alice", PASSWORD, "198.51.100.1")["AuthenticationResult"]


def test_an_app_with_a_secret_is_a_server_for_everybody(house):
    app = Confidential(house, pool=TAGS, **HIDING)
    house.user(app.pool_id, "alice")
    for number in range(2 * MOST):
        refusal(app.sign_in, f"employee{number}", GUESS)

    assert counted(app) == {}
    assert app.sign_in("alice", PASSWORD)


def test_an_app_with_a_secret_may_tell_whom_it_signs_in(house):
    app = Confidential(house, pool=TAGS, EnablePropagateAdditionalUserContextData=True, **HIDING)
    house.user(app.pool_id, "alice")

    def sign_in(username, password, address):
        return house.idp_unsigned.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=app.client_id,
            AuthParameters={"USERNAME": username, "PASSWORD": password, "SECRET_HASH": app.hashed(username)},
            UserContextData={"IpAddress": address},
        )

    for number in range(MOST):
        refusal(sign_in, f"employee{number}", GUESS, "192.0.2.44")

    assert refusal(sign_in, "alice", PASSWORD, "192.0.2.45") == REFUSED
    assert sign_in("alice", PASSWORD, "198.51.100.1")["AuthenticationResult"]


def test_who_does_not_know_the_secret_uses_up_nobodys_budget(house):
    app = Confidential(house, pool=TAGS, EnablePropagateAdditionalUserContextData=True, **HIDING)
    for number in range(2 * MOST):
        refusal(
            house.idp_unsigned.initiate_auth,
            AuthFlow="USER_PASSWORD_AUTH",
            ClientId=app.client_id,
            AuthParameters={"USERNAME": f"employee{number}", "PASSWORD": GUESS, "SECRET_HASH": app.hashed("x")},
            UserContextData={"IpAddress": "192.0.2.44"},
        )

    assert counted(app) == {}


@pytest.mark.parametrize("secret", [False, True])
def test_the_pages_say_so(house, secret):
    pool_id = house.pool(**TAGS)
    house.user(pool_id)
    client_id = oauth_app(house, pool_id, GenerateSecret=secret)["ClientId"]
    browser = Browser(house, pool_id, client_id).open("login")
    for number in range(MOST):
        browser.submit(username=f"employee{number}", password=GUESS)
        assert browser.status == 200
    browser.submit(username="alice", password=PASSWORD)

    assert browser.status == 429
    assert REFUSED[1] in browser.words
    recovery = Browser(house, pool_id, client_id).open("forgotPassword").submit(username="alice")
    assert recovery.status == 429
    assert REFUSED[1] in recovery.words
    house.address = "198.51.100.7"
    assert browser.submit(username="alice", password=PASSWORD).given["code"]


@pytest.mark.parametrize("secret", [False, True])
def test_links_that_confirm_say_so_and_count_for_who_presses_them(house, secret):
    words = {"DefaultEmailOption": "CONFIRM_WITH_LINK", "EmailMessageByLink": "{##here##}"}
    pool_id = house.pool(**TAGS, AutoVerifiedAttributes=["email"], VerificationMessageTemplate=words)
    client_id = house.app(pool_id, GenerateSecret=secret)["ClientId"]
    form = {"content-type": "application/x-www-form-urlencoded"}

    def press(number):
        body = f"client_id={client_id}&user_name=new{number}&confirmation_code=000000".encode()
        return house.http("POST", f"http://lido.test/{pool_id}/confirmUser", form, body)[0]

    assert [press(number) for number in range(MOST + 1)] == [400] * MOST + [429]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_the_machine_itself_is_never_counted(people, address):
    people.house.address = address
    spray(people, 3 * MOST)

    assert people.sign_in()
    assert counted(people) == {}


def test_a_pool_may_count_nothing(people):
    limit(people, 0)
    spray(people, 3 * MOST)

    assert people.sign_in()
    assert counted(people) == {}


@pytest.mark.parametrize(("profile", "most"), [("compatible", 500), ("secure", 100)])
def test_so_many_may_fail_by_default(house, profile, most):
    people = People(house, pool={"UserPoolTags": {"lido:profile": profile}}, **HIDING)
    people.alice()
    spray(people, 1)
    with house.database.write() as tx:
        tx.run("UPDATE budgets SET used = :used WHERE kind = 'failures'", used=most - 2)
    assert people.sign_in()
    spray(people, 1, begin=1)
    assert people.sign_in()
    spray(people, 1, begin=2)

    assert refusal(people.sign_in) == REFUSED


def test_it_is_told_once(people):
    spray(people)
    for _ in range(5):
        refusal(people.sign_in)

    with people.house.database.read() as tx:
        rows = tx.rows(
            "SELECT sub, body FROM events WHERE pool_id = :pool_id AND kind = 'network_refused'", pool_id=people.pool_id
        )
    ((sub, body),) = rows
    told = json.loads(body)
    assert (sub, told["names"], told["reason"]) == ("", ["203.0.113.0/24"], "failures")


def test_what_was_counted_is_swept_when_it_is_over(people):
    spray(people)
    people.house.clock.advance(hours=2)
    chores = Chores(people.house.call, table(event_retention_days=90, message_retention_days=7), holder="here")
    while chores.run_due():
        pass

    assert counted(people) == {}
