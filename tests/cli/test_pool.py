"""Settings that Cognito lacks, and those that it freezes, from the shell."""

import pytest
from botocore.exceptions import ClientError

from lido import errors
from lido.flows import frozen_settings
from lido.records import HandleKind
from lido.storage import pools


def frozen(shell, pool, *changes):
    return shell.prints("pool", "set", pool, *changes, "--settle-seconds", "0")


def options(shell, pool):
    with shell.database.read() as tx:
        found = pools.find(tx, pool)
    return found.settings.options


def finds(shell, pool, name):
    """The stored username that a sign-in name leads to, or None."""
    try:
        return shell.house.idp.admin_get_user(UserPoolId=pool, Username=name)["Username"]
    except shell.house.idp.exceptions.UserNotFoundException:
        return None


def listed(shell, pool, condition):
    return [user["Username"] for user in shell.house.idp.list_users(UserPoolId=pool, Filter=condition)["Users"]]


def test_options_are_set_together_and_shown_with_where_they_come_from(shell):
    pool = shell.house.pool()

    assert shell.prints("pool", "set", pool, "profile=secure", "event_retention_days=30")

    shown = shell.prints("pool", "show", pool)
    assert "profile=secure  (set)" in shown
    assert "hide_users=true  (default)" in shown
    assert "event_retention_days=30  (set)" in shown
    assert "case_sensitive=" in shown


def test_an_empty_value_goes_back_to_the_default(shell):
    pool = shell.house.pool()
    shell.prints("pool", "set", pool, "profile=secure", "hide_users=false")

    shell.prints("pool", "set", pool, "profile=")

    assert options(shell, pool) == {"hide_users": "false"}


def test_one_wrong_value_leaves_everything_as_it_was(shell):
    pool = shell.house.pool()

    assert "profile takes compatible|secure" in shell.refuses("pool", "set", pool, "hide_users=true", "profile=best")
    for age in ("0", "-1", "1.5", "100000", "ten", "٣٠"):
        refused = shell.refuses("pool", "set", pool, "hide_users=true", f"factor_change_max_age={age}")
        assert "factor_change_max_age takes off|seconds" in refused
    assert "There is no setting colour" in shell.refuses("pool", "set", pool, "hide_users=true", "colour=red")

    assert options(shell, pool) == {}


def test_an_unknown_pool_is_named(shell):
    assert "us-east-1_nobody000 does not exist" in shell.refuses("pool", "set", "us-east-1_nobody000", "profile=secure")


def test_what_is_no_assignment_is_refused(shell):
    result = shell("pool", "set", "us-east-1_nobody000", "profile")

    assert result.exit_code == 2
    assert "is not of the form NAME=VALUE" in result.stderr


def test_a_dry_run_changes_nothing(shell):
    pool = shell.house.pool()

    assert "nothing was changed" in shell.prints("pool", "set", pool, "profile=secure", "--dry-run")
    assert "nothing was changed" in shell.prints("pool", "set", pool, "alias_attributes=email", "--dry-run")

    assert options(shell, pool) == {}
    assert not shell.house.idp.describe_user_pool(UserPoolId=pool)["UserPool"].get("AliasAttributes")


def test_a_new_alias_leads_to_the_users_who_have_proven_it(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice", email="alice@example.com", email_verified="true")
    shell.house.user(pool, "bob", email="bob@example.com")

    frozen(shell, pool, "alias_attributes=email")

    assert finds(shell, pool, "alice@example.com") == "alice"
    assert finds(shell, pool, "bob@example.com") is None
    assert shell.house.idp.describe_user_pool(UserPoolId=pool)["UserPool"]["AliasAttributes"] == ["email"]


def test_an_alias_that_is_taken_away_leads_to_nobody(shell):
    pool = shell.house.pool(AliasAttributes=["email"])
    shell.house.user(pool, "alice", email="alice@example.com", email_verified="true")

    frozen(shell, pool, "alias_attributes=")

    assert finds(shell, pool, "alice@example.com") is None
    assert finds(shell, pool, "alice") == "alice"


def test_accounts_that_would_share_a_name_are_listed_and_nothing_changes(shell):
    pool = shell.house.pool()
    for name in ("alice", "bob"):
        shell.house.user(pool, name, email="one@example.com", email_verified="true")

    result = shell("pool", "set", pool, "alias_attributes=email")

    assert result.exit_code == 1
    assert "shares the name one@example.com with" in result.stdout
    assert "1 account would break; nothing was changed." in result.stderr
    assert finds(shell, pool, "one@example.com") is None


def test_an_account_that_breaks_in_two_ways_is_counted_once(shell):
    pool = shell.house.pool()
    for name in ("alice", "bob"):
        shell.house.user(pool, name, email=f"{name}@example.com")

    result = shell("pool", "set", pool, "required_attributes=+name,+family_name", "--dry-run")

    assert result.stdout.count("has no ") == 4
    assert "2 accounts looked at." in result.stderr
    assert "2 accounts would break; nothing was changed." in result.stderr


def test_a_username_that_looks_like_a_new_alias_would_break(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "someone@example.com")

    assert "someone@example.com (" in shell("pool", "set", pool, "alias_attributes=email", "--dry-run").stdout


def test_usernames_become_addresses(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice", email="alice@example.com")

    frozen(shell, pool, "username_attributes=email")

    assert finds(shell, pool, "alice@example.com") == "alice"
    described = shell.house.idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert described["UsernameAttributes"] == ["email"]


def test_accounts_without_a_name_left_would_break(shell):
    pool = shell.house.pool(UsernameAttributes=["email"])
    shell.house.user(pool, "alice@example.com")

    result = shell("pool", "set", pool, "username_attributes=", "alias_attributes=phone_number", "--dry-run")

    assert "has no name left to sign in with" in result.stdout
    assert result.exit_code == 1


def test_alias_and_username_attributes_exclude_each_other(shell):
    pool = shell.house.pool(UsernameAttributes=["email"])

    assert "Only one of the aliasAttributes or usernameAttributes" in shell.refuses(
        "pool", "set", pool, "alias_attributes=email"
    )


def test_case_stops_counting_in_names_and_in_searches(shell):
    pool = shell.house.pool(UsernameConfiguration={"CaseSensitive": True}, AliasAttributes=["email"])
    shell.house.user(pool, "Alice", email="Alice@Example.com", email_verified="true", name="ALICE")
    assert finds(shell, pool, "alice") is None

    frozen(shell, pool, "case_sensitive=false")

    assert finds(shell, pool, "aLICE") == "Alice"
    assert finds(shell, pool, "alice@example.COM") == "Alice"
    assert listed(shell, pool, 'name = "alice"') == ["Alice"]
    assert listed(shell, pool, 'username = "Alice"') == ["Alice"]


def test_case_begins_to_count(shell):
    pool = shell.house.pool(UsernameConfiguration={"CaseSensitive": False})
    shell.house.user(pool, "Alice")

    frozen(shell, pool, "case_sensitive=true")

    assert finds(shell, pool, "alice") is None
    assert finds(shell, pool, "Alice") == "Alice"
    shell.house.user(pool, "alice")
    assert "shares the name alice with" in shell("pool", "set", pool, "case_sensitive=false").stdout


def test_two_accounts_may_swap_a_name(shell):
    """Every old handle goes before any new one comes."""
    pool = shell.house.pool(AliasAttributes=["preferred_username"])
    shell.house.user(pool, "alice", preferred_username="shared", email="a@example.com", email_verified="true")
    shell.house.user(pool, "bob")

    frozen(shell, pool, "alias_attributes=email")

    assert finds(shell, pool, "shared") is None
    assert finds(shell, pool, "a@example.com") == "alice"


def test_a_required_attribute_is_required_once_everybody_has_it(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice")

    assert "alice (" in shell("pool", "set", pool, "required_attributes=+name").stdout
    shell.house.idp.admin_update_user_attributes(
        UserPoolId=pool, Username="alice", UserAttributes=[{"Name": "name", "Value": "Alice"}]
    )
    frozen(shell, pool, "required_attributes=+name")

    app = shell.house.app(pool)
    with pytest.raises(ClientError, match="name: The attribute is required"):
        shell.house.idp.sign_up(ClientId=app["ClientId"], Username="bob", Password="Passw0rd!")
    frozen(shell, pool, "required_attributes=")
    shell.house.idp.sign_up(ClientId=app["ClientId"], Username="bob", Password="Passw0rd!")


@pytest.mark.parametrize(
    "change, sentence",
    [
        ("required_attributes=sub", "takes standard attributes, not sub"),
        ("required_attributes=+name,email", "either a whole list, or changes"),
        ("alias_attributes=name", "alias_attributes takes email, phone_number, preferred_username, not name"),
        ("case_sensitive=perhaps", "takes true or false"),
        ("retired_attributes=email", "Only custom attributes can be retired"),
        ("retired_attributes=custom:none", "The pool has no attribute custom:none"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(shell, change, sentence):
    assert sentence in shell.refuses("pool", "set", shell.house.pool(), change)


def test_a_retired_attribute_leaves_the_schema_the_accounts_and_the_clients(shell):
    pool = shell.house.pool(Schema=[{"Name": name, "AttributeDataType": "String"} for name in ("tier", "team")])
    app = shell.house.app(pool, ReadAttributes=["email", "custom:tier"], WriteAttributes=["custom:tier"])
    shell.house.user(pool, "alice", **{"custom:tier": "gold", "custom:team": "blue"})

    assert "has a value of custom:tier" in shell("pool", "set", pool, "retired_attributes=custom:tier").stdout
    frozen(shell, pool, "retired_attributes=custom:tier", "--drop-values")

    user = shell.house.idp.admin_get_user(UserPoolId=pool, Username="alice")
    assert [each["Name"] for each in user["UserAttributes"] if ":" in each["Name"]] == ["custom:team"]
    described = shell.house.idp.describe_user_pool_client(UserPoolId=pool, ClientId=app["ClientId"])["UserPoolClient"]
    assert described["ReadAttributes"] == ["email"]
    assert described.get("WriteAttributes", []) == []
    with pytest.raises(ClientError, match="custom:tier"):
        shell.house.user(pool, "bob", **{"custom:tier": "gold"})


def test_options_and_frozen_settings_change_in_one_step(shell):
    pool = shell.house.pool()
    shell.house.user(pool, "alice")

    assert shell("pool", "set", pool, "profile=secure", "required_attributes=name").exit_code == 1
    assert options(shell, pool) == {}

    frozen(shell, pool, "profile=secure", "alias_attributes=email")
    assert options(shell, pool) == {"profile": "secure"}


def test_a_large_pool_changes_its_names_only_while_no_server_runs(shell, monkeypatch):
    pool = shell.house.pool()
    for name in ("alice", "bob"):
        shell.house.user(pool, name)
    monkeypatch.setattr(frozen_settings, "MOST_AT_ONCE", 1)

    assert "stop all servers" in shell.refuses("pool", "set", pool, "alias_attributes=email")
    assert "AliasAttributes" not in shell.house.idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    shell.prints("pool", "set", pool, "alias_attributes=email", "--offline")


def test_a_pool_that_changed_meanwhile_is_not_overwritten(shell):
    pool = shell.house.pool()
    call = shell.house.call()
    plan = frozen_settings.planned(call, pool, {"alias_attributes": "email"})
    shell.prints("pool", "set", pool, "profile=secure")

    with pytest.raises(errors.ConcurrentModification, match="changed by another request"):
        frozen_settings.apply(call, plan)


def test_who_was_written_by_the_old_rules_meanwhile_is_put_right(shell):
    """A request that had read the pool before the change, and wrote after it."""
    pool = shell.house.pool(UsernameConfiguration={"CaseSensitive": True})
    call = shell.house.call()
    plan = frozen_settings.planned(call, pool, {"case_sensitive": "false"})
    frozen_settings.apply(call, plan)
    shell.house.user(pool, "alice")
    with shell.database.write() as tx:
        tx.run("UPDATE user_names SET name_key = 'Alice' WHERE pool_id = :pool_id", pool_id=pool)
        tx.run("UPDATE users SET username = 'Alice', username_key = 'Alice' WHERE pool_id = :pool_id", pool_id=pool)

    assert frozen_settings.settle(shell.house.call(), plan, call.now) == []

    assert finds(shell, pool, "ALICE") == "Alice"
    assert listed(shell, pool, 'username = "Alice"') == ["Alice"]
    with shell.database.read() as tx:
        kinds = tx.rows("SELECT name_key, kind FROM user_names WHERE pool_id = :pool_id", pool_id=pool)
    assert kinds == [("alice", HandleKind.USERNAME)]
