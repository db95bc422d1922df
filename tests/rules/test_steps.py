"""The step table: what comes next, whatever has been proven."""

import itertools

import pytest

from lido import errors
from lido.flows import challenges
from lido.records import Status
from lido.rules import steps, strength
from lido.rules.steps import Ask, Enter, Proof, Refuse, Situation, next_step

PASSWORD = (Proof("pwd", 1),)
SMS, EMAIL, TOTP, PASSKEY = "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA", "WEB_AUTHN"
BY_EMAIL, BY_SMS = Proof("email_otp", 1, "EMAIL"), Proof("sms", 1, "SMS")


def situation(**changes):
    usual = {
        "challenge": "PASSWORD",
        "proofs": PASSWORD,
        "status": Status.CONFIRMED,
        "enabled": True,
        "temporary": False,
        "temporary_expired": False,
        "mfa": "OFF",
    }
    return Situation(**{**usual, **changes})


def choosing(**changes):
    usual = {"challenge": "SELECT_CHALLENGE", "proofs": (), "first_factors": ("PASSWORD", "PASSWORD_SRP", "EMAIL_OTP")}
    return situation(**{**usual, **changes})


# The first factor


@pytest.mark.parametrize("challenge", ["PASSWORD", "PASSWORD_VERIFIER"])
def test_without_a_first_factor_the_flows_own_challenge_is_asked(challenge):
    assert next_step(situation(challenge=challenge, proofs=())) == Ask(challenge)


@pytest.mark.parametrize("factor", sorted(steps.FIRST_FACTORS))
def test_a_confirmed_user_with_a_first_factor_enters(factor):
    assert next_step(situation(proofs=(Proof(factor, 1),))) == Enter()


@pytest.mark.parametrize("factor", ["totp", "device", "recovery"])
def test_a_second_factor_alone_is_nothing(factor):
    assert next_step(situation(proofs=(Proof(factor, 1),))) == Ask("PASSWORD")


def test_nothing_of_the_account_shows_before_a_first_factor():
    for enabled, status, temporary in itertools.product((True, False), Status, (True, False)):
        now = situation(proofs=(), enabled=enabled, status=status, temporary=temporary, temporary_expired=True)
        assert next_step(now) == Ask("PASSWORD")


def test_who_has_a_choice_is_asked_for_it():
    assert next_step(choosing()) == Ask("SELECT_CHALLENGE")


@pytest.mark.parametrize(
    ("choice", "challenge"),
    [("PASSWORD", "PASSWORD"), ("PASSWORD_SRP", "PASSWORD_VERIFIER"), ("EMAIL_OTP", "EMAIL_OTP")],
)
def test_a_choice_leads_to_its_challenge(choice, challenge):
    assert next_step(choosing(choice=choice)) == Ask(challenge)


@pytest.mark.parametrize("choice", ["SMS_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN_MFA", "NEW_PASSWORD_REQUIRED", "nonsense"])
def test_a_choice_that_is_not_available_is_none(choice):
    assert next_step(choosing(choice=choice)) == Ask("SELECT_CHALLENGE")


def test_a_flow_of_its_own_offers_no_choice():
    assert next_step(choosing(challenge="PASSWORD_VERIFIER", choice="EMAIL_OTP")) == Ask("PASSWORD_VERIFIER")


# The state of the account


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


def test_states_keep_out_before_a_second_factor_is_asked_for():
    now = situation(enabled=False, mfa="ON", second_factors=(TOTP,))

    assert isinstance(next_step(now), Refuse)


@pytest.mark.parametrize("mfa", ["OFF", "ON"])
def test_a_temporary_password_must_be_replaced_first(mfa):
    now = situation(status=Status.FORCE_CHANGE_PASSWORD, temporary=True, mfa=mfa, second_factors=(TOTP,))

    assert next_step(now) == Ask("NEW_PASSWORD_REQUIRED")


# The second factor


@pytest.mark.parametrize("mfa", ["ON", "OPTIONAL"])
@pytest.mark.parametrize("factor", steps.SECOND_FACTORS)
def test_the_only_second_factor_is_asked_for(mfa, factor):
    assert next_step(situation(mfa=mfa, second_factors=(factor,))) == Ask(factor)


def test_no_second_factor_is_due_where_the_pool_wants_none():
    assert next_step(situation(mfa="OFF", second_factors=(TOTP,))) == Enter()


def test_no_second_factor_is_due_where_the_user_has_none_and_needs_none():
    assert next_step(situation(mfa="OPTIONAL")) == Enter()


def test_of_several_the_preferred_one_is_asked_for():
    assert next_step(situation(mfa="OPTIONAL", second_factors=(SMS, TOTP), preferred=TOTP)) == Ask(TOTP)


@pytest.mark.parametrize("preferred", [None, EMAIL])
def test_of_several_the_person_chooses(preferred):
    now = situation(mfa="OPTIONAL", second_factors=(SMS, TOTP), preferred=preferred)

    assert next_step(now) == Ask("SELECT_MFA_TYPE")


def test_the_chosen_one_is_asked_for_and_no_other():
    now = {"mfa": "ON", "second_factors": (SMS, TOTP)}

    assert next_step(situation(**now, second=TOTP)) == Ask(TOTP)
    assert next_step(situation(**now, second=EMAIL)) == Ask("SELECT_MFA_TYPE")


def test_who_must_have_one_and_has_none_sets_one_up():
    now = {"mfa": "ON", "to_set_up": (TOTP, EMAIL)}

    assert next_step(situation(**now)) == Ask("MFA_SETUP")
    assert next_step(situation(**now, second=EMAIL)) == Ask(EMAIL)
    assert next_step(situation(mfa="ON", to_set_up=(TOTP,), second=EMAIL)) == Ask("MFA_SETUP")


def test_setting_one_up_ends_with_an_answer_of_its_own():
    proofs = (*PASSWORD, Proof("totp", 1))
    now = {"mfa": "ON", "second_factors": (TOTP,), "proofs": proofs}

    assert next_step(situation(**now, second="MFA_SETUP")) == Ask("MFA_SETUP")
    assert next_step(situation(**now)) == Enter()


ENOUGH = [
    (Proof("pwd", 1), Proof("totp", 1)),
    (Proof("srp", 1), BY_SMS),
    (Proof("srp", 1), BY_EMAIL),
    (Proof("pwd", 1), Proof("passkey", 1)),
    (Proof("pwd", 1), Proof("recovery", 1)),
    (BY_EMAIL, Proof("totp", 1)),
    (BY_EMAIL, BY_SMS),
    (Proof("signup_code", 1, "EMAIL"), BY_SMS),
    (Proof("custom", 1), Proof("totp", 1)),
]
TOO_LITTLE = [
    (Proof("pwd", 1),),
    (Proof("pwd", 1), Proof("srp", 1)),
    (BY_EMAIL,),
    (BY_EMAIL, BY_EMAIL),
    (Proof("link", 1, "EMAIL"), BY_EMAIL),
    (Proof("signup_code", 1, "EMAIL"), BY_EMAIL),
    (Proof("passkey", 1),),
    (Proof("passkey_uv", 1),),
    (Proof("passkey", 1), Proof("passkey_uv", 1)),
    (Proof("pwd", 1), Proof("device", 1)),
]


@pytest.mark.parametrize("proofs", ENOUGH)
def test_two_kinds_of_proof_are_two_factors(proofs):
    assert next_step(situation(mfa="ON", second_factors=(TOTP, SMS), proofs=proofs)) == Enter()


@pytest.mark.parametrize("proofs", TOO_LITTLE)
def test_one_kind_of_proof_is_one_factor(proofs):
    assert next_step(situation(mfa="ON", second_factors=(TOTP,), proofs=proofs)) == Ask(TOTP)


def test_a_passkey_that_verified_its_user_is_both_where_the_pool_says_so():
    now = {"mfa": "ON", "second_factors": (TOTP,), "passkey_mfa": True}

    assert next_step(situation(**now, proofs=(Proof("passkey_uv", 1),))) == Enter()
    assert next_step(situation(**now, proofs=(Proof("passkey", 1),))) == Ask(TOTP)


def test_a_code_is_never_asked_for_twice_over_one_medium():
    now = {"mfa": "OPTIONAL", "proofs": (BY_EMAIL,)}

    assert next_step(situation(**now, second_factors=(EMAIL, TOTP))) == Ask(TOTP)
    assert next_step(situation(**now, second_factors=(EMAIL,))) == Refuse(errors.NotAuthorized)


def test_nobody_sets_a_factor_up_around_the_one_they_have():
    now = situation(mfa="ON", proofs=(BY_EMAIL,), second_factors=(EMAIL,), to_set_up=(TOTP,))

    assert next_step(now) == Refuse(errors.NotAuthorized)


def test_what_is_set_up_is_of_another_kind_than_what_was_shown():
    now = situation(mfa="ON", proofs=(Proof("signup_code", 1, "EMAIL"),), to_set_up=(TOTP, EMAIL), second=EMAIL)

    assert next_step(now) == Ask("MFA_SETUP")
    assert steps.can_set_up(now) == (TOTP,)


@pytest.mark.parametrize("mode", ["OPTIONAL", "ON"])
def test_whose_factors_are_missing_gets_in_with_two_proofs_only(mode):
    missed = situation(mfa=mode, factor_is_missing=True, to_set_up=(TOTP, EMAIL))
    device = situation(mfa=mode, factor_is_missing=True, device="suppresses")

    assert next_step(missed) == Refuse(errors.NotAuthorized, steps.MISSING)
    assert next_step(device) == Ask("DEVICE_SRP_AUTH")
    for second in (Proof("device", 2), BY_SMS):
        proven = situation(
            mfa=mode, factor_is_missing=True, device="suppresses", proofs=(*PASSWORD, Proof("device", 2), second)
        )
        assert next_step(proven) == Enter()


# Step-up

WEAK = Refuse(errors.NotAuthorized, steps.TOO_WEAK)


@pytest.mark.parametrize(
    ("targets", "second", "step"),
    [
        ((4,), (TOTP,), Ask(TOTP)),
        ((4,), (), WEAK),
        ((4,), (SMS, EMAIL), WEAK),
        ((4, 3), (SMS,), Ask(SMS)),
        ((4, 3), (SMS, TOTP), Ask(TOTP)),
        ((3, 4), (SMS, TOTP), Ask("SELECT_MFA_TYPE")),
        ((2,), (SMS,), Ask(SMS)),
        ((1,), (SMS,), Enter()),
        ((1, 4), (TOTP,), Enter()),
    ],
)
def test_a_wish_for_strength_asks_for_a_factor_that_nobody_requires(targets, second, step):
    assert next_step(situation(targets=targets, second_factors=second)) == step


def test_among_the_factors_that_reach_the_wish_people_choose_as_ever():
    now = {"targets": (3,), "second_factors": (SMS, TOTP, EMAIL), "mfa": "OPTIONAL"}

    assert steps.can_choose(situation(**now)) == (SMS, TOTP, EMAIL)
    assert next_step(situation(**now, preferred=TOTP)) == Ask(TOTP)
    assert next_step(situation(**now, second=EMAIL)) == Ask(EMAIL)
    assert next_step(situation(**{**now, "targets": (4,)}, second=EMAIL)) == Ask(TOTP)


def test_what_is_strong_enough_enters_and_what_the_pool_requires_still_counts():
    both = (*PASSWORD, Proof("totp", 1))

    assert next_step(situation(targets=(4,), proofs=both, second_factors=(TOTP,))) == Enter()
    assert next_step(situation(targets=(3,), proofs=(Proof("passkey", 1),))) == Enter()
    assert next_step(situation(targets=(1,), mfa="ON", second_factors=(TOTP,))) == Ask(TOTP)


def test_a_recovery_code_does_not_stand_for_what_was_asked_for():
    now = {"targets": (4,), "mfa": "ON", "second_factors": (TOTP,), "recovery_codes": True}

    assert not steps.takes_recovery_code(situation(**now))
    assert steps.takes_recovery_code(situation(**{**now, "targets": (1,)}))
    assert next_step(situation(**now, proofs=(*PASSWORD, Proof("recovery", 1)))) == Ask(TOTP)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        ({"targets": (4,)}, Enter()),
        ({"targets": (4,), "second_factors": (TOTP,)}, Ask(TOTP)),
        ({"targets": (4,), "second_factors": (SMS, EMAIL)}, Enter()),
        ({"targets": (4, 3), "second_factors": (SMS,)}, Ask(SMS)),
        ({"targets": (4,), "second_factors": (SMS,), "mfa": "OPTIONAL"}, Ask(SMS)),
        ({"targets": (4,), "mfa": "ON", "to_set_up": (TOTP,)}, Ask("MFA_SETUP")),
        ({"targets": (4,), "mfa": "ON", "second_factors": (SMS,), "to_set_up": (TOTP,)}, Ask(SMS)),
        ({"targets": (4,), "second_factors": (TOTP,), "proofs": (*PASSWORD, Proof("recovery", 1))}, Enter()),
        ({"targets": (4,), "factor_is_missing": True}, Refuse(errors.NotAuthorized, steps.MISSING)),
    ],
)
def test_a_voluntary_wish_is_fulfilled_where_it_can_be_and_bars_nobody(now, step):
    assert next_step(situation(**now, voluntary=True)) == step


def test_a_voluntary_wish_has_people_set_up_what_fulfils_it_if_anything_does():
    may = {"mfa": "ON", "to_set_up": (TOTP, EMAIL), "voluntary": True}

    assert steps.can_set_up(situation(**may, targets=(4,))) == (TOTP,)
    assert steps.can_set_up(situation(**may, targets=(3,))) == (TOTP, EMAIL)
    assert steps.can_set_up(situation(**may)) == (TOTP, EMAIL)
    assert steps.can_set_up(situation(**{**may, "to_set_up": (EMAIL,)}, targets=(4,))) == (EMAIL,)


def test_a_recovery_code_is_taken_in_spite_of_a_voluntary_wish():
    now = {"targets": (4,), "mfa": "ON", "second_factors": (TOTP,), "recovery_codes": True}

    assert steps.takes_recovery_code(situation(**now, voluntary=True))


def test_what_is_attainable_depends_on_what_somebody_has():
    assert steps.attainable(choosing(targets=(4, 2))) == 2
    assert steps.attainable(choosing(targets=(4, 2), second_factors=(TOTP,))) == 4
    assert steps.attainable(choosing(targets=(3,), first_factors=("WEB_AUTHN",))) == 3
    assert steps.attainable(choosing(targets=(4,), first_factors=("WEB_AUTHN",), second_factors=(TOTP,))) is None


# Recovery codes


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        ({}, True),
        ({"recovery_codes": False}, False),
        ({"proofs": ()}, False),
        ({"second_factors": ()}, False),
        ({"second_factors": (TOTP, SMS)}, False),
        ({"mfa": "OFF"}, False),
        ({"proofs": (*PASSWORD, Proof("totp", 1))}, False),
    ],
)
def test_a_recovery_code_is_taken_where_a_second_factor_is_asked_for(changes, taken):
    now = situation(**{"mfa": "ON", "second_factors": (TOTP,), "recovery_codes": True, **changes})

    assert steps.takes_recovery_code(now) is taken


# Devices


def test_a_remembered_device_stands_for_the_second_factor_once_proven():
    now = {"mfa": "ON", "second_factors": (TOTP,), "device": "suppresses"}

    assert next_step(situation(**now)) == Ask("DEVICE_SRP_AUTH")
    assert next_step(situation(**now, device_begun=True)) == Ask("DEVICE_PASSWORD_VERIFIER")
    assert next_step(situation(**now, proofs=(*PASSWORD, Proof("device", 1)))) == Enter()


def test_a_device_never_stands_for_the_first_factor():
    assert next_step(situation(device="suppresses", proofs=(Proof("device", 1),))) == Ask("PASSWORD")


def test_a_device_that_suppresses_nothing_is_asked_for_after_the_second_factor():
    now = {"mfa": "ON", "second_factors": (TOTP,), "device": "remembered"}
    both = (*PASSWORD, Proof("totp", 1))

    assert next_step(situation(**now)) == Ask(TOTP)
    assert next_step(situation(**now, proofs=both)) == Ask("DEVICE_SRP_AUTH")
    assert next_step(situation(**now, proofs=(*both, Proof("device", 1)))) == Enter()
    assert next_step(situation(**now, proofs=(*PASSWORD, Proof("device", 1)))) == Ask(TOTP)


def test_a_wish_for_more_is_not_met_by_a_device():
    now = situation(device="suppresses", second_factors=(TOTP,), targets=(4,))

    assert next_step(now) == Ask(TOTP)


# The table as a whole


def every_situation():
    offered = ((), (TOTP,), (SMS, TOTP), (EMAIL,))
    proofs = ((), PASSWORD, *ENOUGH, *TOO_LITTLE)
    devices = (("none", False), ("remembered", False), ("suppresses", False), ("suppresses", True))
    choices = ("", "PASSWORD_SRP", "EMAIL_OTP", "SMS_OTP", "WEB_AUTHN", "PASSWORD")
    for shown, mfa, second, (device, begun), chosen, targets in itertools.product(
        proofs, ("OFF", "OPTIONAL", "ON"), offered, devices, ("", SMS, EMAIL, "MFA_SETUP"), ((), (4,), (3, 2))
    ):
        changes = {"device": device, "device_begun": begun, "second": chosen, "to_set_up": (TOTP, EMAIL)}
        changes["targets"] = targets
        yield situation(proofs=shown, mfa=mfa, second_factors=second, **changes)
    for choice in choices:
        yield choosing(choice=choice, first_factors=tuple(steps.first_factors.CHOICES))
    yield situation(challenge="PASSWORD_VERIFIER", proofs=())
    yield situation(temporary=True)
    yield situation(mfa="ON", second_factors=(PASSKEY,))
    for defined in ("", steps.CUSTOM, "PASSWORD_VERIFIER", steps.REFUSAL):
        yield situation(challenge=steps.CUSTOM, proofs=(), defined=defined)


def test_the_table_asks_only_for_registered_challenges_and_every_one_can_be_asked_for():
    asked = {step.challenge for now in every_situation() if isinstance(step := next_step(now), Ask)}

    assert asked == steps.CHALLENGES
    assert challenges.registry().keys() == asked | {steps.RECOVERY}


def test_nobody_enters_with_less_than_is_required():
    for now in every_situation():
        if next_step(now) == Enter() and now.mfa == "ON":
            kinds = {proof.medium or proof.factor.replace("srp", "pwd") for proof in now.proofs}
            assert len(kinds) > 1, now
        if next_step(now) == Enter():
            assert now.proofs, now
            assert strength.level(now.proofs) >= min(now.targets, default=0), now


def test_what_is_not_there_is_refused_and_never_skipped():
    with pytest.raises(errors.InvalidUserPoolConfiguration, match="not built yet"):
        challenges.find("UNKNOWN_CHALLENGE")


def custom(defined, *proofs, **changes):
    return next_step(situation(challenge=steps.CUSTOM, defined=defined, proofs=proofs, **changes))


def test_triggers_of_the_pool_decide_what_comes_next():
    assert custom(steps.CUSTOM) == Ask(steps.CUSTOM)
    assert custom("PASSWORD_VERIFIER") == Ask("PASSWORD_VERIFIER")
    assert custom(TOTP, Proof("srp", 0)) == Ask(TOTP)
    assert custom(steps.REFUSAL, Proof("srp", 0)) == Refuse(errors.NotAuthorized)
    assert custom(steps.TOKENS, Proof("custom", 0), mfa="ON", second_factors=(TOTP,)) == Enter()


@pytest.mark.parametrize("defined", ["", steps.TOKENS])
def test_nobody_enters_by_triggers_that_decided_nothing_or_with_no_proof(defined):
    assert custom(defined, status=0, enabled=False) == Refuse(errors.NotAuthorized)


def test_the_state_of_an_account_outweighs_the_triggers_of_its_pool():
    proof = Proof("custom", 0)

    assert custom(steps.TOKENS, proof, enabled=False) == Refuse(errors.NotAuthorized, "User is disabled.")
    assert custom(steps.TOKENS, proof, status=Status.UNCONFIRMED) == Refuse(errors.UserNotConfirmed)
    assert custom(steps.TOKENS, proof, status=Status.RESET_REQUIRED) == Refuse(errors.PasswordResetRequired)
    assert custom(steps.TOKENS, proof, temporary=True) == Ask("NEW_PASSWORD_REQUIRED")
