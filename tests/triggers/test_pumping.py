"""Functions cost money: who proves nothing leads to them so often, and then to no function any more."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.pages import Browser, oauth_app
from tests.sign_ins import refusal
from tests.triggers.conftest import FLOWS, raising, unchanged
from tests.triggers.test_custom_auth import QUESTION, answer, begin
from tests.triggers.test_migration import migrating
from tests.world import PASSWORD

from lido.flows.networks import QUESTIONS_FOR_A_FAILURE

MOST = 2
QUESTIONS = MOST * QUESTIONS_FOR_A_FAILURE
REFUSED = ("TooManyRequests", "Attempt limit exceeded, please try after some time.")
GUESS = "Summer-2026!"
POOL = {"UserPoolTags": {"lido:failures_per_network": str(MOST)}}
HIDING = {"PreventUserExistenceErrors": "ENABLED"}


def questions(people):
    """What is counted of questions in the pool."""
    with people.house.database.read() as tx:
        row = tx.row(
            "SELECT sum(used) FROM budgets WHERE pool_id = :pool_id AND kind = 'questions'", pool_id=people.pool_id
        )
    return row[0] or 0


def test_after_too_many_failures_no_function_is_asked(triggered):
    people = triggered(pool=POOL, app=HIDING, PreAuthentication=unchanged, UserMigration=raising("unknown"), **QUESTION)
    people.alice()
    for number in range(MOST):
        refusal(people.sign_in, f"employee{number}", GUESS)
    people.told.clear()

    for name in ("alice", "nobody"):
        assert refusal(people.sign_in, name) == REFUSED
        assert refusal(people.srp(name).authenticate_user) == REFUSED
        assert refusal(begin, people, name) == REFUSED
        assert refusal(people.initiate, "USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="PASSWORD") == REFUSED
        forgot = {"ClientId": people.client_id, "Username": name}
        assert refusal(people.house.idp_unsigned.forgot_password, **forgot) == REFUSED
    assert people.told == []


@pytest.mark.parametrize("hides", ["ENABLED", "LEGACY"])
def test_invented_names_lead_to_the_elder_house_so_often(triggered, hides):
    people = triggered(pool=POOL, app={"PreventUserExistenceErrors": hides}, UserMigration=raising("unknown"))
    for number in range(MOST + 3):
        refusal(people.sign_in, f"nobody{number}", GUESS)

    assert len(people.told) == MOST


def test_names_that_the_elder_house_knows_are_no_failures(triggered):
    people = triggered(pool=POOL, app=HIDING, UserMigration=migrating(email_verified="false"))
    for number in range(3 * MOST):
        assert people.sign_in(f"alice{number}")


def test_a_name_that_must_choose_a_new_password_is_no_failure(triggered):
    people = triggered(pool=POOL, app=HIDING, UserMigration=migrating(finalUserStatus="RESET_REQUIRED"))
    for number in range(3 * MOST):
        assert refusal(people.sign_in, f"alice{number}").name == "PasswordResetRequired"


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_questions_that_nobody_answers_are_counted_alike_for_somebody_and_nobody(triggered, name):
    people = triggered(pool=POOL, app=HIDING, **QUESTION)
    people.alice()
    for _ in range(QUESTIONS):
        begin(people, name)
    people.told.clear()

    assert refusal(begin, people, name) == REFUSED
    assert people.told == []
    people.house.address = "198.51.100.7"
    assert begin(people, name)["ChallengeName"] == "CUSTOM_CHALLENGE"
    people.house.address = "203.0.113.99"
    people.house.clock.advance(minutes=10)
    assert begin(people, name)["ChallengeName"] == "CUSTOM_CHALLENGE"


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_AUTH"])
def test_sign_ins_that_begin_and_do_not_go_on_lead_to_pre_authentication_so_often(triggered, flow):
    people = triggered(pool=POOL, PreAuthentication=unchanged)
    people.alice()
    more = {"SRP_A": "7" * 700} if flow == "USER_SRP_AUTH" else {}
    for _ in range(QUESTIONS):
        people.initiate(flow, USERNAME="alice", **more)

    assert refusal(people.initiate, flow, USERNAME="alice", **more) == REFUSED
    assert len(people.told) == QUESTIONS


def test_a_function_that_refuses_everybody_is_asked_so_often(triggered):
    people = triggered(pool=POOL, PreAuthentication=raising("closed"))
    people.alice()
    for _ in range(QUESTIONS):
        assert refusal(people.sign_in).name == "UserLambdaValidation"

    assert refusal(people.sign_in) == REFUSED
    assert len(people.told) == QUESTIONS


def test_whoever_signs_in_is_never_too_many(triggered):
    people = triggered(pool=POOL, PreAuthentication=unchanged, **QUESTION)
    people.alice()
    for _ in range(QUESTIONS):
        people.sign_in()
        people.srp().authenticate_user()
        answer(people, begin(people), "8")

    assert questions(people) == 0


def test_who_begins_here_and_ends_there_gives_back_here(triggered):
    people = triggered(pool=POOL, **QUESTION)
    people.alice()
    begun = begin(people)
    begin(people)
    people.house.address = "198.51.100.7"
    answer(people, begun, "8")

    assert questions(people) == 1


def test_a_wrong_answer_is_a_failure(triggered):
    people = triggered(pool=POOL, **QUESTION)
    people.alice()
    begun = begin(people)
    for _ in range(MOST):
        answer(people, begin(people), "7")
    people.told.clear()

    assert refusal(answer, people, begun, "8") == REFUSED
    assert people.told == []


def test_a_question_that_was_answered_leads_to_no_function_again(triggered):
    people = triggered(**QUESTION)
    people.alice()
    begun = begin(people)
    answer(people, begun, "8")
    people.told.clear()

    for given in ("8", "7"):
        assert refusal(answer, people, begun, given).sentence.endswith("session can only be used once.")
    assert people.told == []


def test_questions_side_by_side_are_counted_each(triggered):
    people = triggered(pool=POOL, **QUESTION)
    people.alice()

    def ask(_number):
        try:
            return begin(people)["ChallengeName"]
        except people.house.idp_unsigned.exceptions.TooManyRequestsException:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(2 * QUESTIONS)))

    assert answers.count("CUSTOM_CHALLENGE") == QUESTIONS
    assert people.sources().count("DefineAuthChallenge_Authentication") == QUESTIONS


def test_sign_ups_lead_to_the_function_so_often(triggered):
    people = triggered(pool=POOL, PreSignUp=raising("not you"))
    for number in range(QUESTIONS):
        assert refusal(people.sign_up, f"new{number}").name == "UserLambdaValidation"

    assert refusal(people.sign_up) == REFUSED
    assert len(people.told) == QUESTIONS
    people.house.address = "198.51.100.7"
    assert refusal(people.sign_up).name == "UserLambdaValidation"


def test_sign_ups_at_the_pages_count_for_who_visits(triggered):
    people = triggered(pool=POOL, PreSignUp=raising("not you"))
    client = oauth_app(people.house, people.pool_id, GenerateSecret=True)
    browser = Browser(people.house, people.pool_id, client["ClientId"]).open("signup")
    typed = {"password": PASSWORD, "confirmPassword": PASSWORD, "requiredAttributes[email]": "new@example.com"}
    statuses = [browser.submit(username=f"new{number}", **typed).status for number in range(QUESTIONS + 1)]

    assert statuses == [200] * QUESTIONS + [429]
    assert len(people.told) == QUESTIONS


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_forgotten_passwords_lead_to_the_elder_house_so_often(triggered, name):
    people = triggered(pool=POOL, app=HIDING, UserMigration=raising("unknown"))
    people.alice(email="alice@example.com", email_verified="true")
    asked = {"ClientId": people.client_id}
    for number in range(QUESTIONS):
        people.house.idp_unsigned.forgot_password(Username=f"invented{number}", **asked)
    people.told.clear()

    assert refusal(people.house.idp_unsigned.forgot_password, Username=name, **asked) == REFUSED
    assert people.told == []


def test_an_operators_server_asks_as_often_as_it_wants(triggered):
    people = triggered(pool=POOL, app={"ExplicitAuthFlows": FLOWS}, PreAuthentication=raising("closed"))
    people.alice()
    for _ in range(QUESTIONS + 2):
        assert refusal(people.admin_initiate, USERNAME="alice", PASSWORD=PASSWORD).name == "UserLambdaValidation"


def test_without_functions_nothing_is_counted(triggered):
    people = triggered(pool=POOL, PostAuthentication=unchanged)
    people.alice()
    people.initiate("USER_SRP_AUTH", USERNAME="alice", SRP_A="7" * 700)

    assert questions(people) == 0
