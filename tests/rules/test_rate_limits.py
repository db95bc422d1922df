"""Which operation counts in which category, and who gets how much of a rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido.rules import rate_limits
from lido.shapes.catalogue import OPERATIONS


def test_every_operation_of_user_pools_counts_in_something():
    assert {name for service, name in OPERATIONS if service == "cognito-idp"} == set(rate_limits.CHARGES)


def test_every_charge_has_a_rate():
    for charges in (*rate_limits.CHARGES.values(), *rate_limits.ENDPOINTS.values()):
        assert all(rate_limits.rate_of(charge, 10) > 0 for charge in charges)


@pytest.mark.parametrize(
    ("operation", "charges", "rates"),
    [
        ("InitiateAuth", ("UserAuthentication",), [120]),
        ("RespondToAuthChallenge", ("UserAuthentication/challenges",), [360]),
        ("SignUp", ("UserCreation",), [50]),
        ("GetUser", ("UserRead",), [120]),
        ("GetGroup", ("GetGroup", "UserPoolResourceRead"), [5, 20]),
        ("TagResource", ("TagResource",), [5]),
        ("GetProvisionedLimit", ("LimitManagement",), [1]),
    ],
)
def test_rates_are_those_of_aws(operation, charges, rates):
    assert rate_limits.CHARGES[operation] == charges
    assert [rate_limits.rate_of(charge, 1) for charge in charges] == rates
    assert [rate_limits.rate_of(charge, 10) for charge in charges] == [10 * rate for rate in rates]


def test_answers_to_challenges_follow_what_was_provisioned_for_sign_in():
    assert rate_limits.rate_of(rate_limits.CHALLENGES, 10, 200) == 600


def test_what_nobody_asks_for_is_divided_too():
    assert rate_limits.fair_share(100, 10, []) == 100
    assert rate_limits.fair_share(100, 10, [30]) == 40
    assert rate_limits.fair_share(100, 500, [500]) == 50
    assert rate_limits.fair_share(100, 500, [10]) == 90
    assert rate_limits.fair_share(100, 10, [500]) == 10


@given(st.integers(1, 5000), st.lists(st.integers(0, 9000), min_size=1, max_size=6))
def test_shares_never_exceed_the_rate(rate, asks):
    shares = [rate_limits.fair_share(rate, ask, asks[:n] + asks[n + 1 :]) for n, ask in enumerate(asks)]

    assert sum(shares) <= rate
    if sum(asks) <= rate:
        assert all(share >= ask for share, ask in zip(shares, asks, strict=True))
