"""`lido users`: what an operator does about one account."""

from typing import Any

import click

from lido.cli.options import INSTALLATION, options


@click.group()
def users() -> None:
    """Accounts of people."""


@users.command()
@click.argument("pool_id", metavar="POOL")
@click.argument("username", metavar="USERNAME")
@options(*INSTALLATION)
def unlock(pool_id: str, username: str, **given: Any) -> None:
    """Let a user try again after too many wrong passwords or codes.

    USERNAME may also be an alias or the user's sub. Failures and hourly limits start anew; the password stays.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import lockout
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "users unlock", pool_id, username) as call:
        had_any = lockout.unlock(call, pool_id, username)
    click.echo(f"{username} may try again." if had_any else f"{username} was not locked.")


@users.command("recovery-codes")
@click.argument("pool_id", metavar="POOL")
@click.argument("username", metavar="USERNAME")
@options(*INSTALLATION)
def recovery_codes(pool_id: str, username: str, **given: Any) -> None:
    """Make ten recovery codes for a user and print them, once.

    Each is taken once in place of a second factor, where the pool's setting recovery_codes is on. The codes made
    before are worth nothing any more.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import recovery_codes
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "users recovery-codes", pool_id, username) as call:
        codes = recovery_codes.make_for(call, pool_id, username)
    for code in codes:
        click.echo(code)


@users.command()
@click.argument("pool_id", metavar="POOL")
@click.argument("username", metavar="USERNAME")
@click.option("--withdraw", metavar="CLIENT", help="Take back what the user allowed this app, and end its sessions.")
@options(*INSTALLATION)
def consents(pool_id: str, username: str, withdraw: str | None, **given: Any) -> None:
    """List what a user allowed other people's apps, or take it back from one.

    Each line is a client id, when it was allowed, and the scopes.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.cli.moments import iso
    from lido.flows import consents
    from lido.settings import load

    with open_installation(load(given)) as lido:
        if withdraw is None:
            for row in consents.of_user(lido.call(), pool_id, username):
                click.echo(f"{row.client_id}  {iso(row.given_at)}  {row.scopes}")
            return
        with acting(lido, "users consents", pool_id, username, ClientId=withdraw) as call:
            had_any = consents.withdraw(call, pool_id, username, withdraw)
    click.echo(f"{withdraw} may do nothing for {username} any more." if had_any else f"{withdraw} was not allowed.")
