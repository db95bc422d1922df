"""The step table: what comes next, whatever has been proven."""

import itertools

import pytest

from lido import errors
from lido.flows import challenges
from lido.records import Factor, Status
from lido.rules import steps
from lido.rules.steps import Ask, Enter, Proof, Refuse, Situation, next_step

PROOF = (Proof("pwd", 1),)


def situation(**changes):
    usual = {
        "challenge": "PASSWORD",
        "proofs": PROOF,
        "status": Status.CONFIRMED,
        "enabled": True,
        "factors": Factor.PASSWORD,
        "temporary": False,
        "temporary_expired": False,
        "mfa": "OFF",
    }
    return Situation(**{**usual, **changes})


@pytest.mark.parametrize("challenge", ["PASSWORD", "PASSWORD_VERIFIER"])
def test_without_a_first_factor_the_flows_own_challenge_is_asked(challenge):
    assert next_step(situation(challenge=challenge, proofs=())) == Ask(challenge)


@pytest.mark.parametrize("factor", sorted(steps.FIRST_FACTORS))
def test_a_confirmed_user_with_a_first_factor_enters(factor):
    assert next_step(situation(proofs=(Proof(factor, 1),))) == Enter()


def test_nothing_of_the_account_shows_before_a_first_factor():
    for enabled, status, temporary in itertools.product((True, False), Status, (True, False)):
        now = situation(proofs=(), enabled=enabled, status=status, temporary=temporary, temporary_expired=True)
        assert next_step(now) == Ask("PASSWORD")


@pytest.mark.parametrize(
    ("changes", "fault", "sentence"),
    [
        ({"enabled": False}, errors.NotAuthorized, "User is disabled."),
        ({"enabled": False, "status": Status.RESET_REQUIRED}, errors.NotAuthorized, "User is disabled."),
        ({"status": Status.RESET_REQUIRED}, errors.PasswordResetRequired, None),
        ({"status": Status.UNCONFIRMED}, errors.UserNotConfirmed, None),
        ({"status": Status.ARCHIVED}, errors.NotAuthorized, None),
        ({"status": Status.EXTERNAL_PROVIDER}, errors.NotAuthorized, None),
        (
            {"status": Status.FORCE_CHANGE_PASSWORD, "temporary": True, "temporary_expired": True},
            errors.NotAuthorized,
            "Temporary password has expired and must be reset by an administrator.",
        ),
    ],
)
def test_states_that_keep_out(changes, fault, sentence):
    assert next_step(situation(**changes)) == Refuse(fault, sentence)


def test_a_temporary_password_must_be_replaced():
    now = situation(status=Status.FORCE_CHANGE_PASSWORD, temporary=True)

    assert next_step(now) == Ask("NEW_PASSWORD_REQUIRED")


@pytest.mark.parametrize("temporary", [True, False])
@pytest.mark.parametrize(
    ("mfa", "factors"),
    [
        ("ON", Factor.PASSWORD),
        ("ON", Factor.TOTP),
        ("OPTIONAL", Factor.TOTP),
        ("OPTIONAL", Factor.SMS),
        ("OPTIONAL", Factor.EMAIL),
        ("OPTIONAL", Factor.PASSKEY_MFA),
    ],
)
def test_a_password_alone_never_passes_where_a_second_factor_is_due(mfa, factors, temporary):
    step = next_step(situation(mfa=mfa, factors=factors, temporary=temporary))

    assert isinstance(step, Refuse)
    assert step.fault is errors.InvalidUserPoolConfiguration
    assert "not built yet" in step.sentence


@pytest.mark.parametrize(("mfa", "factors"), [("OFF", Factor.TOTP), ("OPTIONAL", Factor.PASSWORD | Factor.PASSKEY)])
def test_no_second_factor_is_due_where_the_pool_or_the_user_has_none(mfa, factors):
    assert next_step(situation(mfa=mfa, factors=factors)) == Enter()


def test_the_table_asks_only_for_registered_challenges_and_every_one_can_be_asked_for():
    assert challenges.registry().keys() == steps.CHALLENGES
    assert all(flow.first in challenges.registry() for flow in steps.FLOWS.values())
