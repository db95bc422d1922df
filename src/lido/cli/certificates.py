"""`lido certificates`: the certificates that the server shows at the hosts they name."""

import json
from pathlib import Path
from typing import Any

import click

from lido.cli.moments import iso
from lido.cli.options import INSTALLATION, options

_File = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def certificates() -> None:
    """Certificates that a server with TLS shows at the hosts they name."""


@certificates.command()
@click.option("--cert", "chain", type=_File, metavar="FILE", required=True, help="The certificate and its chain (PEM).")
@click.option("--key", type=_File, metavar="FILE", required=True, help="Its private key (PEM).")
@options(*INSTALLATION, "account_id")
def add(chain: Path, key: Path, **given: Any) -> None:
    """Keep a certificate, and print the ARN that CustomDomainConfig names it by.

    The key is kept sealed. Running servers show the certificate within seconds; of several for one host they show the
    one that was added last.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import certificates as flow
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "certificates add") as call:
        try:
            added = flow.add(call, chain.read_bytes(), key.read_bytes())
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        click.echo(flow.arn(call, added.id))


@certificates.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array.")
@options(*INSTALLATION, "account_id")
def list_(*, as_json: bool, **given: Any) -> None:
    """Show all certificates, the oldest first."""
    from lido.cli.installation import open_installation
    from lido.flows import certificates as flow
    from lido.settings import load

    with open_installation(load(given)) as lido:
        call = lido.call()
        shown = [
            {
                "arn": flow.arn(call, each.id),
                "names": each.names,
                "source": each.source,
                "not_after": iso(each.not_after),
                "created_at": iso(each.created_at),
            }
            for each in flow.every(call)
        ]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
        return
    for line in shown:
        click.echo(f"{line['arn']}\n  {', '.join(line['names'] or ())}, until {line['not_after']} ({line['source']})")
    if not shown:
        click.echo("There is no certificate.", err=True)


@certificates.command()
@click.argument("certificate", metavar="CERTIFICATE")
@options(*INSTALLATION, "account_id")
def remove(certificate: str, **given: Any) -> None:
    """Forget CERTIFICATE, an ARN or what stands at its end; not while a domain names it."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import certificates as flow
    from lido.settings import load

    with (
        open_installation(load(given)) as lido,
        acting(lido, "certificates remove", certificate=certificate) as call,
    ):
        flow.remove(call, certificate)
    click.echo(f"{certificate} is removed.")
