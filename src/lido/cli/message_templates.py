"""`lido messages templates`: a pool's own words, for each source, medium and language."""

from typing import TYPE_CHECKING, Any

import click

from lido.cli.options import INSTALLATION, Command, options

if TYPE_CHECKING:
    from lido.records import MessageTemplate


@click.group()
def templates() -> None:
    """A pool's own words, for each source, medium and language.

    Who has the attribute `locale` gets words of that language, else those of the pool's default_language
    (`lido pool set`), else Cognito's templates.
    """


def _which(command: Command) -> Command:
    for decorate in (
        click.option(
            "--medium", type=click.Choice(["email", "sms"]), default="email", help="email or sms.  [default: email]"
        ),
        click.option("--language", metavar="TAG", required=True, help="A language: de, pt-br."),
        click.option("--source", metavar="SOURCE", required=True, help="Why it is sent: SignUp, ForgotPassword …"),
        click.option("--pool", "pool_id", metavar="POOL", required=True, help="The pool."),
    ):
        command = decorate(command)
    return command


@templates.command("set")
@_which
@click.option("--subject", metavar="TEXT", default="", help="Subject of an e-mail.")
@click.option("--html", metavar="TEXT|@FILE", default="", help="HTML form of an e-mail.")
@click.option("--text", metavar="TEXT|@FILE", default="", help="Plain form of an e-mail, or the text message.")
@options(*INSTALLATION)
def set_(
    pool_id: str, source: str, language: str, medium: str, subject: str, html: str, text: str, **given: Any
) -> None:
    """Set the words of one message in place of those before.

    SOURCE is SignUp, ResendCode, ForgotPassword, UpdateUserAttribute, VerifyUserAttribute, AdminCreateUser,
    Authentication (codes that sign in) or SignInLink. {####} is the code or the temporary password, {##words##} the
    link, {username} the name in invitations. An e-mail with one form only gets plain text made of its HTML, or none.
    """
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import message_templates
    from lido.records import MessageTemplate
    from lido.settings import load

    template = MessageTemplate(
        source=source,
        medium="SMS" if medium == "sms" else "EMAIL",
        language=language,
        subject=subject,
        text=_read(text),
        html=_read(html),
    )
    with open_installation(load(given)) as lido, acting(lido, "messages templates set", pool_id) as call:
        try:
            click.echo(_name(message_templates.put(call, pool_id, template)))
        except ValueError as error:
            raise click.ClickException(str(error)) from error


@templates.command("list")
@click.option("--pool", "pool_id", metavar="POOL", required=True, help="The pool.")
@options(*INSTALLATION)
def list_(pool_id: str, **given: Any) -> None:
    """List the pool's own words: source, medium, language and subject."""
    from lido.cli.installation import open_installation
    from lido.flows import message_templates
    from lido.settings import load

    with open_installation(load(given)) as lido:
        for template in message_templates.every(lido.call(), pool_id):
            click.echo(_name(template))


@templates.command()
@_which
@options(*INSTALLATION)
def show(pool_id: str, source: str, language: str, medium: str, **given: Any) -> None:
    """Print the words of one message."""
    from lido.cli.installation import open_installation
    from lido.flows import message_templates
    from lido.settings import load

    with open_installation(load(given)) as lido:
        try:
            template = message_templates.find(lido.call(), pool_id, source, medium.upper(), language)
        except ValueError as error:
            raise click.ClickException(str(error)) from error
    parts = (f"Subject: {template.subject}" if template.subject else "", template.text, template.html)
    click.echo("\n\n".join(part.rstrip("\n") for part in parts if part))


@templates.command()
@_which
@options(*INSTALLATION)
def remove(pool_id: str, source: str, language: str, medium: str, **given: Any) -> None:
    """Go back to another language, or to Cognito's templates."""
    from lido.cli.acting import acting
    from lido.cli.installation import open_installation
    from lido.flows import message_templates
    from lido.settings import load

    with open_installation(load(given)) as lido, acting(lido, "messages templates remove", pool_id) as call:
        try:
            message_templates.remove(call, pool_id, source, medium.upper(), language)
        except ValueError as error:
            raise click.ClickException(str(error)) from error


def _name(template: "MessageTemplate") -> str:
    return f"{template.source}  {template.medium}  {template.language}  {template.subject}".rstrip()


def _read(given: str) -> str:
    """The text itself, or that of the file after the @."""
    if not given.startswith("@"):
        return given
    from pathlib import Path

    try:
        return Path(given[1:]).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{given[1:]} is not text in UTF-8.") from error
