"""`lido pool`: the settings of user pools that Cognito lacks, and those that it freezes."""

from typing import TYPE_CHECKING, Any

import click

from lido.cli.assignments import assignment
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lido.assembly import Lido
    from lido.call import Call
    from lido.flows.frozen_settings import Plan

_SETTLE_SECONDS = 5
_REPORTED = 1000


@click.group()
def pool() -> None:
    """Settings of user pools that Cognito lacks, and those that it freezes."""


@pool.command("set")
@click.argument("pool_id", metavar="POOL")
@click.argument("changes", metavar="NAME=VALUE...", nargs=-1, required=True, type=assignment)
@click.option("--dry-run", is_flag=True, help="Change nothing; report the accounts that would break.")
@click.option("--drop-values", is_flag=True, help="Delete the values of retired attributes.")
@click.option("--offline", is_flag=True, help="No server is running: pools of any size may change their names.")
@click.option("--settle-seconds", type=click.IntRange(0), default=_SETTLE_SECONDS, hidden=True)
@options(*INSTALLATION)
def set_(
    pool_id: str,
    changes: tuple[tuple[str, str], ...],
    *,
    dry_run: bool,
    drop_values: bool,
    offline: bool,
    settle_seconds: int,
    **given: Any,
) -> None:
    """Change settings of POOL, all of them or none.

    Settings that Cognito lacks; `lido pool show POOL` lists them. An empty value goes back to the default:

    \b
      profile=compatible|secure
      issuer=https://login.example.com/POOL
      hide_users, refuse_common_passwords, password_change_ends_sessions=true|false
      several_authenticators, recovery_codes=true|false
      event_retention_days=365

    Settings that Cognito fixes for ever when a pool is made:

    \b
      alias_attributes=email,phone_number,preferred_username
      username_attributes=email,phone_number
      required_attributes=+name,-family_name   (or the whole list)
      case_sensitive=true|false
      retired_attributes=custom:tier

    These are refused, with a list, while an account would break: a name that two would share, a required value that
    is missing, no name left to sign in with, a value of a retired attribute. Use --dry-run to see the list first.
    """  # noqa: D301 - \b is how click is told to keep the lines of a paragraph
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import frozen_settings, pool_options
    from lido.settings import load

    wanted = dict(changes)
    if len(wanted) < len(changes):
        raise click.ClickException("A setting is named twice.")
    with open_installation(load(given)) as lido:
        try:
            plan = frozen_settings.planned(lido.call(), pool_id, wanted)
            if not dry_run and not wanted.keys() & set(frozen_settings.NAMES):
                with acting(lido, "pool set", pool_id) as call:
                    pool_options.set_for_pool(call, pool_id, wanted)
                _confirm(wanted)
                return
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        _refuse_broken(lido, plan, drop_values=drop_values)
        if dry_run:
            click.echo("No account would break; nothing was changed.")
            return
        with acting(lido, "pool set", pool_id) as call:
            _apply(call, plan, offline=offline, settle_seconds=settle_seconds)
    _confirm(wanted)


@pool.command()
@click.argument("pool_id", metavar="POOL")
@options(*INSTALLATION)
def show(pool_id: str, **given: Any) -> None:
    """Show what is in force in POOL, and where it comes from."""
    from lido.cli.installation import open_installation
    from lido.flows import access, frozen_settings, pool_options
    from lido.settings import load

    with open_installation(load(given)) as lido:
        call = lido.call()
        with call.db.read() as tx:
            found = access.require_pool(call, tx, pool_id)
    click.echo(f"{found.pool_id}  {found.name}")
    for name, value, origin in [*pool_options.in_force(found), *frozen_settings.in_force(found)]:
        click.echo(f"  {name}={value}  ({origin})")


def _refuse_broken(lido: "Lido", plan: "Plan", *, drop_values: bool) -> None:
    from lido.flows import frozen_settings

    looked_at = broken = 0
    latest = ""

    def progress(users: int) -> None:
        nonlocal looked_at
        looked_at = users
        if users % 100_000 == 0:
            click.echo(f"  {_accounts(users)} looked at", err=True)

    for each in frozen_settings.examine(lido.call(), plan, progress, drop_values=drop_values):
        # All that is wrong with one account comes in a row.
        broken += each.sub != latest
        latest = each.sub
        if broken <= _REPORTED:
            click.echo(f"{each.username} ({each.sub}): {each.why}")
    click.echo(f"{_accounts(looked_at)} looked at.", err=True)
    if broken:
        more = f", of which the first {_REPORTED} are listed" if broken > _REPORTED else ""
        raise click.ClickException(f"{_accounts(broken)} would break{more}; nothing was changed.")


def _accounts(count: int) -> str:
    return f"{count} account" if count == 1 else f"{count} accounts"


def _apply(call: "Call", plan: "Plan", *, offline: bool, settle_seconds: int) -> None:
    from lido import errors
    from lido.flows import frozen_settings

    try:
        rewritten = frozen_settings.apply(call, plan, offline=offline)
    except frozen_settings.TooManyUsers as error:
        raise click.ClickException(
            f"The pool has more than {frozen_settings.MOST_AT_ONCE} accounts: stop all servers for a while, and run "
            "this with --offline."
        ) from error
    except errors.ConcurrentModification as error:
        raise click.ClickException("The pool or an account was changed meanwhile; run this again.") from error
    click.echo(f"{_accounts(rewritten)} rewritten.", err=True)
    if offline:
        return
    # Requests that had read the old settings end within this time.
    call.clock.sleep(settle_seconds)
    for each in frozen_settings.settle(call, plan, call.now):
        click.echo(f"{each.username} ({each.sub}): {each.why}; changed while the settings were", err=True)


def _confirm(wanted: "Mapping[str, str]") -> None:
    for name, value in wanted.items():
        click.echo(f"{name}={value}")
