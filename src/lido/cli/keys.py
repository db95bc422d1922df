"""`lido keys`: operators' access keys; `keys master` and `keys signing` change the keys of the installation."""

import json
import re
from typing import Any

import click

from lido.cli.master_key import master
from lido.cli.moments import iso
from lido.cli.options import INSTALLATION, options


@click.group()
def keys() -> None:
    """Access keys of operators, the master key, and the keys that sign tokens.

    An access key signs requests to the API as on AWS: put its id and secret into ~/.aws/credentials, or into
    AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    """


@keys.command()
@click.option("--name", metavar="NAME", help="What the operator is called.  [default: the id]")
@click.option("--policy", metavar="POLICY", default="full", help="full, read-only, a file, or JSON.", show_default=True)
@click.option(
    "--operator", metavar="ID", help="Whose key it is; made where missing.  [default: from --name, else operator]"
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options(*INSTALLATION)
def create(name: str | None, policy: str, operator: str | None, *, as_json: bool, **given: Any) -> None:
    """Make an access key, and print its secret this once.

    A policy says in IAM's language what the key may do, for example

    \b
      {"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
       "Action": "cognito-idp:AdminGetUser", "Resource": "*"}]}
    """  # noqa: D301 - \b is how click is told to keep the lines of a paragraph
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import operators
    from lido.settings import load

    document = _policy(policy)
    operator_id = operator or re.sub(r"[^A-Za-z0-9+=,.@_-]+", "-", name or "operator").strip("-")[:64]
    with open_installation(load(given)) as lido, acting(lido, "keys create") as call:
        try:
            access_key_id, secret = operators.create_key(
                call, operator_id=operator_id, name=name or operator_id, policy=document
            )
        except json.JSONDecodeError as error:
            raise click.ClickException("The policy is not JSON.") from error
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        made = {"access_key_id": access_key_id, "secret_access_key": secret, "operator": operator_id}
        click.echo(json.dumps(made))
        return
    click.echo(f"aws_access_key_id = {access_key_id}\naws_secret_access_key = {secret}")
    click.echo("The secret is not shown again.", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the policies.")
@options(*INSTALLATION)
def list_(*, as_json: bool, **given: Any) -> None:
    """List all access keys, revoked ones too. Secrets are never shown."""
    from lido.cli.installation import open_installation
    from lido.flows import operators
    from lido.settings import load

    with open_installation(load(given)) as lido:
        found = operators.all_keys(lido.call())
    if as_json:
        rows = [
            {
                "access_key_id": key.access_key_id,
                "operator": key.operator_id,
                "created_at": iso(key.created_at),
                "revoked_at": iso(key.revoked_at),
                "policy": json.loads(key.policy),
            }
            for key in found
        ]
        click.echo(json.dumps(rows, indent=2))
        return
    named = {_compact(document): name for name, document in operators.POLICIES.items()}
    for key in found:
        state = f"revoked {iso(key.revoked_at)}" if key.revoked_at is not None else "active"
        what = named.get(_compact(key.policy), "policy of its own")
        click.echo(f"{key.access_key_id}  {key.operator_id}  {what}  created {iso(key.created_at)}  {state}")


@keys.command()
@click.argument("access_key_id", metavar="ID")
@options(*INSTALLATION)
def revoke(access_key_id: str, **given: Any) -> None:
    """End an access key for good. Running servers refuse it within a second."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import operators
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "keys revoke") as call:
        if not operators.revoke_key(call, access_key_id):
            raise click.ClickException(f"There is no active access key {access_key_id}.")
    click.echo(f"{access_key_id} is revoked.")


keys.add_command(master)


@keys.group()
def signing() -> None:
    """The keys that sign a pool's tokens."""


@signing.command("rotate")
@click.argument("pool_id", metavar="POOL")
@options(*INSTALLATION)
def rotate_signing(pool_id: str, **given: Any) -> None:
    """Begin to replace the keys that sign the tokens of POOL.

    The new keys are published at once in jwks.json and sign an hour later, when everybody who verifies tokens has
    had time to fetch them; the old ones stay published until their last token has expired. A running server does
    the later steps by itself.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import access, key_rotation
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "keys signing rotate", pool_id) as call:
        with call.db.read() as tx:
            pool = access.require_pool(call, tx, pool_id)
        coming = key_rotation.rotate_signing_keys(call, pool)
    for key in coming:
        click.echo(f"{key.kid} signs {key.use} tokens from {iso(key.signs_from_at)}")


def _policy(text: str) -> str:
    """The document that --policy means, not yet read. Raises ClickException."""
    from pathlib import Path

    from lido.flows import operators

    document = operators.POLICIES.get(text, text)
    if document.lstrip().startswith("{"):
        return document
    try:
        return Path(text).read_text("utf-8")
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not text").lower()
        raise click.ClickException(f"--policy is neither full, read-only, JSON nor a file: {reason}.") from error


def _compact(policy: str) -> str:
    return json.dumps(json.loads(policy), sort_keys=True)
