"""`lido call`: any operation of a running server, JSON in and out."""

import sys
from typing import TYPE_CHECKING, Any

import click

from lido.cli.options import options

if TYPE_CHECKING:
    from lido.ports.aws_client import Answer, Signer
    from lido.settings import Settings

SECONDS = 60.0


class Refused(click.ClickException):
    """A refusal as it came: its name and its sentence."""

    def show(self, file: Any = None) -> None:
        """Print it to stderr, nothing before it, so that scripts can match its name."""
        click.echo(self.message, err=True, file=file)


@click.command()
@click.argument("operation")
@click.argument("document", default="{}")
@click.option("--endpoint", metavar="URL", help="The server.  [default: the setting public_url]")
@click.option("--service", metavar="NAME", help="cognito-idp or cognito-identity, where the operation does not say it.")
@click.option("--region", metavar="REGION", help="The region to sign for.  [default: the first region served]")
@click.option("--profile", metavar="NAME", help="The access key's profile in DIR/credentials.  [default: lido]")
@click.option("--access-key-id", envvar="AWS_ACCESS_KEY_ID", hidden=True)
@click.option("--secret-access-key", envvar="AWS_SECRET_ACCESS_KEY", hidden=True)
@click.option("--session-token", envvar="AWS_SESSION_TOKEN", hidden=True)
@options("data_dir")
def call(
    operation: str,
    document: str,
    endpoint: str | None,
    service: str | None,
    region: str | None,
    profile: str | None,
    access_key_id: str | None,
    secret_access_key: str | None,
    session_token: str | None,
    **given: Any,
) -> None:
    """Call OPERATION on a running server with the JSON in DOCUMENT.

    DOCUMENT is JSON, or @FILE, or - for standard input. What people do for themselves (SignUp, InitiateAuth, GetUser)
    is sent unsigned. All else is signed with the key in DIR/credentials, or with AWS_ACCESS_KEY_ID and
    AWS_SECRET_ACCESS_KEY where there is none. The answer is printed as JSON; a refusal goes to stderr, with exit
    status 1.

    \b
      lido call ListUserPools '{"MaxResults": 10}'
      lido call AdminGetUser '{"UserPoolId": "us-east-1_…", "Username": "demo"}'
    """  # noqa: D301 - \b is how click is told to keep the lines of a paragraph
    import msgspec

    from lido.ports.aws_client import Signer
    from lido.settings import load

    settings = load(given)
    service, target, unsigned = _described(operation, service)
    signer = None
    if not unsigned:
        key = _own_key(settings, profile) or (None if profile else (access_key_id, secret_access_key, session_token))
        if key is None or not key[0] or not key[1]:
            raise click.ClickException(
                f"{operation} is for operators, and no access key was found: {_where(settings)}."
            )
        signer = Signer(key[0], key[1], key[2], region or _first_region(settings), service)
    answer = _send(settings, endpoint or settings.public_url, target, _read(document), signer)
    if answer.status != 200:
        raise _refusal(answer)
    if answer.body:
        click.echo(msgspec.json.format(answer.body, indent=2))


def _described(operation: str, service: str | None) -> tuple[str, str, bool]:
    """The service, the X-Amz-Target and whether everybody may ask, by the operation's name."""
    from difflib import get_close_matches

    from lido.shapes import catalogue

    found = next(
        (
            one
            for one in catalogue.OPERATIONS.values()
            if (one.name, service or one.service) == (operation, one.service)
        ),
        None,
    )
    if found is None:
        near = get_close_matches(operation, [name for _, name in catalogue.OPERATIONS], n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]}?" if near else " docs/compatibility.md lists all."
        raise click.ClickException(f"There is no operation {operation}.{hint}")
    prefix = next(prefix for prefix, name in catalogue.TARGETS.items() if name == found.service)
    return found.service, f"{prefix}.{operation}", found.unsigned


def _read(document: str) -> bytes:
    if document == "-":
        return sys.stdin.buffer.read()
    if document.startswith("@"):
        from pathlib import Path

        return Path(document[1:]).read_bytes()
    return document.encode("utf-8", "surrogateescape")


def _own_key(settings: "Settings", profile: str | None) -> tuple[str, str, None] | None:
    """The root key of the settings, or the key in DIR/credentials."""
    from lido.cli import credentials

    if settings.root_access_key_id and settings.root_secret_access_key and profile is None:
        return settings.root_access_key_id, settings.root_secret_access_key, None
    found = credentials.read(credentials.path_of(settings), profile or credentials.PROFILE)
    return (found.access_key_id, found.secret, None) if found else None


def _where(settings: "Settings") -> str:
    from lido.cli import credentials

    return f"not in {credentials.path_of(settings)}, and AWS_ACCESS_KEY_ID is not set"


def _first_region(settings: "Settings") -> str:
    return next((region for region in settings.region if region != "any"), "us-east-1")


def _send(settings: "Settings", endpoint: str, target: str, body: bytes, signer: "Signer | None") -> "Answer":
    from lido.cli import tls
    from lido.ports.aws_client import Unreachable, post
    from lido.ports.clock import SystemClock

    authority = tls.authority_file(settings)
    trusted = str(authority) if endpoint.startswith("https:") and authority.exists() else None
    try:
        return post(endpoint, target, body, signer=signer, now=SystemClock().now(), authority=trusted, seconds=SECONDS)
    except Unreachable as error:
        raise click.ClickException(f"Nothing answers at {endpoint}; does `lido serve` run? ({error})") from error


def _refusal(answer: "Answer") -> Refused:
    import msgspec

    try:
        document = msgspec.json.decode(answer.body)
        return Refused(
            f"{document['__type'].rpartition('#')[2]}: {document.get('message', document.get('Message', ''))}"
        )
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return Refused(f"HTTP {answer.status}: {answer.body[:500].decode('utf-8', 'replace')}")
