"""What an operator does about one account, from the shell."""

import pytest

from lido.storage import budgets, consents, lockouts
from lido.storage.consents import Consent


def lock(shell, pool, username):
    user = shell.house.idp.admin_get_user(UserPoolId=pool, Username=username)
    sub = next(each["Value"] for each in user["UserAttributes"] if each["Name"] == "sub")
    now = shell.house.clock.now()
    for _ in range(5):
        with shell.database.write() as tx:
            assert lockouts.reserve(tx, pool, sub, now)
            lockouts.fail(tx, pool, sub, now)
    with shell.database.write() as tx:
        budgets.take(tx, pool, sub, "try:reset", most=1, now=now, resets_at=now + 1000)
    return sub


def test_a_locked_user_may_try_again(shell):
    pool = shell.house.pool(AliasAttributes=["email"])
    shell.house.user(pool, "alice", email="alice@example.com", email_verified="true")
    sub = lock(shell, pool, "alice")

    assert shell.prints("users", "unlock", pool, "alice@example.com") == "alice@example.com may try again.\n"

    with shell.database.write() as tx:
        assert lockouts.locked_until(tx, pool, sub) == 0
        assert budgets.take(tx, pool, sub, "try:reset", most=1, now=0, resets_at=1)
    assert "was not locked" not in shell.prints("users", "unlock", pool, "alice")
    assert "was not locked" in shell.prints("users", "unlock", pool, "alice")


@pytest.mark.parametrize("name", ["nobody", "11111111-1111-4111-8111-111111111111"])
def test_an_unknown_user_is_said_to_be_unknown(shell, name):
    assert "UserNotFoundException" in shell.refuses("users", "unlock", shell.house.pool(), name)


def test_recovery_codes_are_printed_once_and_in_place_of_the_earlier_ones(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice")
    assert "recovery_codes is off" in shell.refuses("users", "recovery-codes", pool, "alice")
    shell.prints("pool", "set", pool, "recovery_codes=true")

    codes, newer = (shell.prints("users", "recovery-codes", pool, "alice").split() for _ in range(2))

    assert len(codes) == len(newer) == 10
    assert not set(codes) & set(newer)
    assert "UserNotFoundException" in shell.refuses("users", "recovery-codes", pool, "nobody")


def test_what_a_user_allowed_an_app_is_listed_and_taken_back(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice")
    client = shell.house.app(pool)["ClientId"]
    user = shell.house.idp.admin_get_user(UserPoolId=pool, Username="alice")
    sub = next(each["Value"] for each in user["UserAttributes"] if each["Name"] == "sub")
    with shell.database.write() as tx:
        assert consents.put(tx, Consent(pool, sub, client, "openid email", "app", 0), epoch=0)

    listed = shell.prints("users", "consents", pool, "alice")

    assert listed == f"{client}  1970-01-01T00:00:00.000Z  openid email\n"
    assert "any more" in shell.prints("users", "consents", pool, "alice", "--withdraw", client)
    assert "was not allowed" in shell.prints("users", "consents", pool, "alice", "--withdraw", client)
    assert shell.prints("users", "consents", pool, "alice") == ""
