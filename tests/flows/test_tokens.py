"""The last statement decides: an account that changes between proof and session gets nothing."""

import pytest
from tests.sign_ins import People
from tests.world import PASSWORD

from lido import errors
from lido.flows import families, sign_in, tokens
from lido.flows.scenes import Attempt
from lido.flows.sign_in import SignedIn


@pytest.fixture
def people(house):
    people = People(house)
    people.alice(email="alice@example.com", email_verified="true")
    return people


def proven(people) -> SignedIn:
    """Alice has shown her password; nothing was handed out yet."""
    attempt = Attempt("client", people.client_id, {"USERNAME": "alice", "PASSWORD": PASSWORD})
    outcome = sign_in.start(people.house.call(), attempt, "USER_PASSWORD_AUTH")
    assert isinstance(outcome, SignedIn)
    return outcome


def in_flight(people):
    with people.house.database.read() as tx:
        return [row[0] for row in tx.rows("SELECT in_flight FROM lockouts WHERE pool_id = :p", p=people.pool_id)]


@pytest.mark.parametrize(
    ("change", "fault", "sentence"),
    [
        ("admin_disable_user", errors.NotAuthorized, "User is disabled."),
        ("admin_reset_user_password", errors.PasswordResetRequired, "Password reset required for the user"),
        ("admin_user_global_sign_out", errors.NotAuthorized, "Incorrect username or password."),
        ("admin_delete_user", errors.NotAuthorized, "Incorrect username or password."),
    ],
)
def test_a_change_between_proof_and_session_keeps_out(people, change, fault, sentence):
    signed_in = proven(people)
    getattr(people.house.idp, change)(UserPoolId=people.pool_id, Username="alice")

    with pytest.raises(fault) as refused:
        tokens.issue(people.house.call(), signed_in)

    assert refused.value.message == sentence
    assert people.sessions() == 0
    assert set(in_flight(people)) <= {0}


def test_a_client_deleted_between_proof_and_session_gets_nothing(people):
    signed_in = proven(people)
    people.house.idp.delete_user_pool_client(UserPoolId=people.pool_id, ClientId=people.client_id)

    with pytest.raises(errors.NotAuthorized):
        tokens.issue(people.house.call(), signed_in)
    assert people.sessions() == 0


def test_a_step_that_was_spent_meanwhile_gives_no_second_session(house):
    people = People(house)
    house.user(people.pool_id, "alice", confirmed=False)
    session = people.initiate(USERNAME="alice", PASSWORD=PASSWORD)["Session"]
    given = {"USERNAME": "alice", "NEW_PASSWORD": "An0ther-password!"}
    attempt = Attempt("client", people.client_id, given)
    racers = [sign_in.answer(house.call(), attempt, "NEW_PASSWORD_REQUIRED", session) for _ in range(2)]
    assert all(isinstance(racer, SignedIn) for racer in racers)

    tokens.issue(house.call(), racers[0])
    with pytest.raises(errors.NotAuthorized, match="session can only be used once"):
        tokens.issue(house.call(), racers[1])

    assert people.sessions() == 1


def test_nothing_secret_shows(people):
    signed_in = proven(people)
    given = tokens.issue(people.house.call(), signed_in)

    assert repr(given) == "Tokens(…)"
    assert PASSWORD not in repr(families.ClientProof("secret", PASSWORD))
