"""Settings of app clients that Cognito lacks, from the shell."""

from lido.storage import clients


def options(shell, app):
    with shell.database.read() as tx:
        return clients.find(tx, app["UserPoolId"], app["ClientId"]).settings.options


def test_an_app_client_may_differ_from_its_pool(shell):
    pool = shell.house.pool()
    app = shell.house.app(pool)

    assert shell.prints("client", "set", app["ClientId"], "hide_users=true") == "hide_users=true\n"

    assert options(shell, app) == {"hide_users": "true"}
    shell.prints("client", "set", app["ClientId"], "hide_users=")
    assert options(shell, app) == {}


def test_what_belongs_to_the_pool_is_no_setting_of_a_client(shell):
    app = shell.house.app(shell.house.pool())

    assert "There is no setting profile" in shell.refuses("client", "set", app["ClientId"], "profile=secure")


def test_an_unknown_client_is_named(shell):
    assert "client nobody does not exist" in shell.refuses("client", "set", "nobody", "hide_users=true")
