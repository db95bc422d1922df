"""`lido imports`: users that come from files: how far, how fast, and what became of each line."""

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from lido.cli.moments import iso
from lido.cli.options import INSTALLATION, options

if TYPE_CHECKING:
    from lido.flows.import_report import Progress

_pool = click.argument("pool_id", metavar="POOL")
_job = click.argument("job_id", metavar="JOB")


@click.group()
def imports() -> None:
    """Users that come from files: how far a job is, how fast it goes, and what became of each line."""


@imports.command("list")
@_pool
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@options(*INSTALLATION)
def list_(pool_id: str, *, as_json: bool, **given: Any) -> None:
    """Show the import jobs of POOL, newest first."""
    from lido.cli.installation import open_installation
    from lido.flows import import_report
    from lido.settings import load

    with open_installation(load(given)) as lido:
        found = import_report.jobs(lido.call(), pool_id)
    if as_json:
        click.echo(json.dumps([_members(job) for job in found], indent=2, ensure_ascii=False))
        return
    for job in found:
        click.echo(f"{job.id}  {iso(job.created_at)}  {job.state}  {job.name}\n  {_figures(job)}")
    if not found:
        click.echo("There is no import job.", err=True)


@imports.command()
@_pool
@_job
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object when it is over, and nothing before.")
@options(*INSTALLATION)
def watch(pool_id: str, job_id: str, *, as_json: bool, **given: Any) -> None:
    """Show how far JOB is, each second until it is over.

    Ends with status 1 where the job did not succeed. A job that nobody has started is shown once.
    """
    from threading import Event

    from lido.cli.installation import open_installation
    from lido.flows import import_report
    from lido.settings import load

    rest = Event()
    with open_installation(load(given)) as lido:
        before = job = import_report.progress(lido.call(), pool_id, job_id)
        while not job.finished and job.state != "Created":
            if not as_json:
                _show(job, job.rows - before.rows)
            rest.wait(1)
            before, job = job, import_report.progress(lido.call(), pool_id, job_id)
    if as_json:
        click.echo(json.dumps(_members(job), indent=2, ensure_ascii=False))
    else:
        if sys.stdout.isatty():
            click.echo("\r\x1b[K", nl=False)
        click.echo(f"{job.state}: {_figures(job)}" + (f"\n{job.message}" if job.message else ""))
    if job.finished and job.state != "Succeeded":
        raise SystemExit(1)


@imports.command()
@_pool
@_job
@click.option("--all", "succeeded_too", is_flag=True, help="Also the lines that became users.")
@options(*INSTALLATION)
def report(pool_id: str, job_id: str, *, succeeded_too: bool, **given: Any) -> None:
    """Show the lines of JOB's file that made no user, and why.

    In the words and the form of Cognito's log; no value of the file is repeated.
    """
    from lido.cli.installation import open_installation
    from lido.flows import import_report
    from lido.settings import load

    with open_installation(load(given)) as lido:
        for line in import_report.outcomes(lido.call(), pool_id, job_id, succeeded_too=succeeded_too):
            click.echo(line)


def _show(job: "Progress", rows_a_second: int) -> None:
    text = f"{job.state}: {_figures(job)}, {rows_a_second} rows/s"
    if sys.stdout.isatty():
        click.echo(f"\r\x1b[K{text}", nl=False)
    else:
        click.echo(text)


def _figures(job: "Progress") -> str:
    return f"{job.percent} %, {job.rows} rows: {job.imported} imported, {job.skipped} skipped, {job.failed} failed"


def _members(job: "Progress") -> dict[str, Any]:
    from msgspec.structs import asdict

    return {**asdict(job), "created_at": iso(job.created_at), "finished_at": iso(job.finished_at)}
