"""`lido limits`: rates set, shown and taken back."""

import json

import pytest

from lido import errors
from lido.flows.limit_sharing import LimitSharing
from lido.flows.limits import Limits


@pytest.fixture
def pool(shell):
    return shell.house.pool()


def test_a_rate_is_set_shown_and_taken_back(shell, pool):
    assert shell.prints("limits", "set", pool, "UserRead", "30") == f"UserRead of {pool}: 30 requests a second.\n"
    shown = json.loads(shell.prints("limits", "--json"))
    assert shown == [{"pool": pool, "category": "UserRead", "rate": 30, "used": 0, "refused": 0}]

    shell.prints("limits", "reset", pool, "UserRead")
    assert json.loads(shell.prints("limits", "--json")) == []


def test_what_servers_use_and_refuse_is_shown(shell, pool):
    limits = Limits(10)
    sharing = LimitSharing(shell.house.call, limits, node="a")
    sharing.join()
    for _ in range(310):
        try:
            limits.spend(pool, ("UserList",), shell.house.clock.now())
        except errors.TooManyRequests:
            continue
    sharing.run_due()

    shown = json.loads(shell.prints("limits", "--pool", pool, "--json"))
    assert [(line["category"], line["rate"], line["refused"]) for line in shown] == [("UserList", 300, 10)]
    assert "UserList" in shell.prints("limits")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("us-east-1", "Teapots", "3"), "Teapots is no category"),
        (("us-east-1", "UserRead", "0"), "A rate is 1 to"),
        (("mars", "UserRead", "3"), "mars is neither a pool nor a region"),
        (("us-east-1_aaaaaaaaa", "UserRead", "3"), "does not exist"),
    ],
)
def test_what_cannot_be_a_rate_is_refused(shell, arguments, said):
    assert said in shell.refuses("limits", "set", *arguments)
