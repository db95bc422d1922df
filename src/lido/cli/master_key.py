"""`lido keys master`: looking at the master keys, rotating to a new one, and forgetting an old one."""

from typing import TYPE_CHECKING, Any

import click

from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.call import Call

WAIT_SECONDS = 5
"""How long running servers get to notice a step; they look every second."""


@click.group()
def master() -> None:
    """The master key, which seals every secret in the database.

    It is in a file (DIR/master.key) or in LIDO_MASTER_KEY, never in the database. Without it nobody can sign in and no
    token can be made: back it up, apart from the database.
    """


@master.command("list")
@options(*INSTALLATION)
def list_(**given: Any) -> None:
    """List the ids of the master keys at hand, and what each does."""
    from lido.cli import master_key_file
    from lido.cli.installation import open_installation
    from lido.flows import master_key
    from lido.settings import load

    with open_installation(load(given)) as lido:
        seals, known = master_key.sealing_id(lido.database), master_key.sealing_ids(lido.database)
        for held in master_key_file.read(lido.settings, lido.database):
            name = master_key.name_of(held)
            does = "seals" if name == seals else "opens what is sealed with it" if name in known else "not used"
            click.echo(f"{name}  {does}")


@master.command()
@click.option("--prepare", is_flag=True, help="Only add a new key; for nodes with a file each. Then run rotate again.")
@click.option("--wait-seconds", type=click.IntRange(0), default=WAIT_SECONDS, hidden=True)
@options(*INSTALLATION)
def rotate(*, prepare: bool, wait_seconds: int, **given: Any) -> None:
    """Replace the master key by a new one, while servers run.

    A new key is added to the file, servers take it up for opening, then for sealing, and then everything at rest is
    sealed with it. The old key stays in the file, because refresh tokens in people's hands are sealed with it; see
    `lido keys master forget`. Back up the file afterwards.

    Where nodes on several machines have a file each, run this with --prepare, copy the file to every node, and run
    it again without. Where the key is in LIDO_MASTER_KEY, add a new one behind it (comma between) on every node,
    restart them one by one, and then run this with the same variable.
    """
    from lido.cli import master_key_file
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import master_key
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "keys master rotate") as call:
        settings, database = lido.settings, call.db
        seals = master_key.sealing_id(database)
        new = master_key.prepared(database, master_key_file.read(settings, database))
        if new is None:
            if settings.master_key:
                raise click.ClickException(
                    "The key is in the setting master_key: add a new one behind it (base64 of 32 random bytes, comma "
                    "between), restart every node, and run this again."
                )
            new = master_key_file.add(settings, database)
            click.echo(f"added key {master_key.name_of(new)} to {master_key_file.path_of(settings)}")
        if prepare:
            click.echo("Copy the file to every node, then run `lido keys master rotate`.")
            return
        name = master_key.name_of(new)
        click.echo(f"rotating from key {seals} to {name}")
        master_key.announce(database, lido.keys, new)
        lido.clock.sleep(wait_seconds)
        lacking = master_key.lacking(database, name)
        if lacking is not None:
            master_key.withdraw(database, name)
            raise click.ClickException(
                f"A running server has no key {name} ({lacking}). Key {seals} still seals: give every node the new "
                f"one, as {master_key_file.source_of(settings)} has it, and run this again."
            )
        if not master_key.choose(database, name, seen=seals):
            raise click.ClickException("Another rotation was faster; nothing is lost.")
        master_key.follow(database, lido.keys, master_key_file.read(settings, database))
        lido.clock.sleep(wait_seconds)
        _reseal(call)
    click.echo(f"Key {name} seals. Back up {master_key_file.source_of(settings)}; keep key {seals} in it for now.")


@master.command()
@options(*INSTALLATION)
def reseal(**given: Any) -> None:
    """Seal everything anew: finishes a rotation that was interrupted."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "keys master reseal") as call:
        _reseal(call)


@master.command()
@click.argument("key_id", metavar="KEY")
@options(*INSTALLATION)
def forget(key_id: str, **given: Any) -> None:
    """Stop needing an old master key, and take it out of the file.

    Whatever is still sealed with it is void from then on: refresh tokens that were made before the rotation and are
    not yet expired, and codes. Do it when the longest refresh token has expired, or at once when the key was stolen.
    Servers go on knowing it until they are restarted.
    """
    from lido.cli import master_key_file
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import master_key
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "keys master forget", MasterKey=key_id) as call:
        if master_key.sealing_id(call.db) == key_id:
            raise click.ClickException(f"Key {key_id} is the one that seals; rotate first.")
        _reseal(call)
        if not master_key.forget(call.db, key_id):
            raise click.ClickException(f"The database needs no key {key_id}; `lido keys master list` shows which.")
        if not lido.settings.master_key:
            master_key_file.remove(lido.settings, lido.database, key_id)
    click.echo(f"Key {key_id} is forgotten. Restart the servers; keep it for as long as you keep older backups.")


def _reseal(call: "Call") -> None:
    from lido.flows import key_rotation

    places = {}
    for progress in key_rotation.reseal(call):
        places[progress.place] = progress
        if progress.seen and progress.seen % 100_000 == 0:
            click.echo(f"  {progress.place}: {progress.seen}", err=True)
    click.echo(f"sealed anew: {sum(place.resealed for place in places.values())}")
    lost = sum(place.lost for place in places.values())
    if lost:
        raise click.ClickException(f"{lost} secrets could not be opened by any key at hand; the log names them.")
