"""Every knob: its type, its default, one sentence; the only reader of the environment.

Sources, the later wins: defaults, a TOML file, variables named `LIDO_…`, the
command line. Behaviour of one pool is never a setting; it belongs to the pool.
"""

import base64
import binascii
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_type_hints

import msgspec
from msgspec import Meta

from lido import complaints, service_links

DEFAULT_FILE = "lido.toml"
MASTER_KEY_BYTES = 32

_Positive = Meta(ge=1)
_Secret = Meta(extra={"secret": True})
_AccessKeyId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_]{16,128}\Z")]
_SecretAccessKey = Annotated[str, Meta(min_length=16)]


class SettingError(Exception):
    """A knob that cannot be obeyed; one sentence that names it and where it was set, never its value if secret."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force. Made by `load`, read by assembly and command line."""

    host: Annotated[str, Meta(description="Address to listen on.", min_length=1)] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on.", ge=1, le=65535)] = 9229
    public_url: Annotated[
        str,
        Meta(
            description="Address under which clients reach the server; issuers of new tokens begin with it.",
            extra={"default": "http(s)://localhost:PORT"},
        ),
    ] = ""
    domain_suffix: Annotated[
        str | None,
        Meta(
            description="Prefix domains of pools are PREFIX.SUFFIX; clients are led there when this is set.",
            extra={"default": "auth.localhost where `public_url` is at localhost, else none"},
        ),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Networks (CIDR) whose X-Forwarded-For, -Host and -Proto are believed."),
    ] = ()
    body_limit_bytes: Annotated[int, Meta(description="Largest request body that is read."), _Positive] = (
        2 * 1024 * 1024
    )
    workers: Annotated[int, Meta(description="Server processes; one already uses the cores."), _Positive] = 1
    threads: Annotated[int, Meta(description="Worker threads of each process."), _Positive] = 32
    shutdown_seconds: Annotated[
        int, Meta(description="How long a stopping server waits for requests in flight.", ge=0)
    ] = 30

    tls_cert: Annotated[str | None, Meta(description="File with the TLS certificate chain (PEM).")] = None
    tls_key: Annotated[str | None, Meta(description="File with the key of `tls_cert` (PEM).")] = None
    tls_dev: Annotated[
        bool, Meta(description="Serve https with a certificate of a local authority, made in the data directory.")
    ] = False

    acme_directory: Annotated[
        str | None,
        Meta(
            description="URL of an ACME directory that certificates of domains come from; needs TLS and the extra acme."
        ),
    ] = None
    acme_contact: Annotated[str | None, Meta(description="E-mail address that the directory may write to.")] = None
    acme_ca_file: Annotated[
        str | None, Meta(description="File with the authority (PEM) that the directory itself is trusted by.")
    ] = None
    acme_http_port: Annotated[
        int,
        Meta(
            description="Port that answers the directory's challenges without TLS, usually 80; 0: none.", ge=0, le=65535
        ),
    ] = 0

    data_dir: Annotated[
        str, Meta(description="Directory for the database file, the master key and the credentials.", min_length=1)
    ] = "./lido-data"
    database: Annotated[
        str,
        Meta(
            description="`sqlite:///path` or `postgresql://…`.",
            extra={"secret": True, "default": "SQLite in `data_dir`: lido.db"},
        ),
    ] = ""
    synchronous: Annotated[
        Literal["FULL", "NORMAL"],
        Meta(
            description="SQLite only: FULL loses nothing acknowledged in a power cut, NORMAL may lose the last moment."
        ),
    ] = "FULL"
    database_pool_size: Annotated[int, Meta(description="PostgreSQL only: connections of each process."), _Positive] = (
        16
    )

    region: Annotated[
        tuple[str, ...],
        Meta(description="Regions served, the first is the default; or `any`.", min_length=1),
    ] = ("us-east-1",)
    account_id: Annotated[str, Meta(description="Twelve digits that stand in every ARN.", pattern=r"^[0-9]{12}\Z")] = (
        "000000000000"
    )

    master_key: Annotated[
        str | None,
        Meta(description="Keys that seal secrets at rest: base64 of 32 bytes each, comma between; the first seals."),
        _Secret,
    ] = None
    master_key_file: Annotated[
        str | None,
        Meta(
            description="File with the master keys, one a line; the default is made with a new database.",
            extra={"default": "`data_dir`/master.key"},
        ),
    ] = None
    root_access_key_id: Annotated[
        _AccessKeyId | None,
        Meta(description="Id of the operators' first access key; unset, the first start makes one."),
    ] = None
    root_secret_access_key: Annotated[
        _SecretAccessKey | None, Meta(description="Secret of `root_access_key_id`, at least 16 characters."), _Secret
    ] = None
    demo: Annotated[
        bool, Meta(description="Make, once, a pool, a client and a confirmed user, and print how to sign in.")
    ] = False

    argon2_memory_kib: Annotated[int, Meta(description="Memory of one password hash, in KiB.", ge=8)] = 19456
    argon2_time_cost: Annotated[int, Meta(description="Passes of one password hash."), _Positive] = 2
    argon2_parallelism: Annotated[int, Meta(description="Lanes of one password hash."), _Positive] = 1

    request_rate_factor: Annotated[
        int, Meta(description="Cognito's default request rates times this; 0: any.", ge=0)
    ] = 10

    private_destinations: Annotated[
        tuple[str, ...],
        Meta(description="Private networks (CIDR) that requests to operators' and pools' addresses may reach."),
    ] = ()

    aws_access_key_id: Annotated[
        _AccessKeyId | None,
        Meta(description="Access key that signs requests to the endpoints of AWS below; unset, nothing does."),
    ] = None
    aws_secret_access_key: Annotated[
        _SecretAccessKey | None, Meta(description="Secret of `aws_access_key_id`."), _Secret
    ] = None
    aws_session_token: Annotated[
        str | None, Meta(description="Session token of `aws_access_key_id`, if it has one."), _Secret
    ] = None
    lambda_endpoint: Annotated[
        str | None,
        Meta(description="AWS Lambda for functions not registered here: `https://lambda.{region}.amazonaws.com`."),
    ] = None
    handler_processes: Annotated[
        int, Meta(description="Most processes of one registered handler, in each server process."), _Positive
    ] = 4

    smtp_url: Annotated[
        str | None,
        Meta(description="`smtp://user:password@host:587` or `smtps://…`; unset, mail stays in the outbox."),
        _Secret,
    ] = None
    mail_from: Annotated[str, Meta(description="Sender of mail for pools that name none.", min_length=3)] = (
        "no-reply@localhost"
    )
    sms_gateway_url: Annotated[
        str | None, Meta(description="Where text messages are posted as a form; unset, they stay in the outbox.")
    ] = None
    sms_gateway_user: Annotated[str | None, Meta(description="User for HTTP basic authentication at the gateway.")] = (
        None
    )
    sms_gateway_password: Annotated[str | None, Meta(description="Password of `sms_gateway_user`."), _Secret] = None
    sms_gateway_form: Annotated[
        str, Meta(description="The form that is posted, with {to}, {from} and {text}; Twilio's by default.")
    ] = "To={to}&From={from}&Body={text}"
    sms_from: Annotated[str, Meta(description="Sender of text messages: a number or a name.")] = "Lido"

    ses_endpoint: Annotated[
        str | None,
        Meta(description="SES or what speaks its v2 API, for pools with an identity there; `{region}` is the pool's."),
    ] = None
    sns_endpoint: Annotated[
        str | None,
        Meta(description="SNS or what speaks its API, for pools with an SmsConfiguration; `{region}` is the pool's."),
    ] = None
    log_delivery_endpoint: Annotated[
        str | None, Meta(description="AWS or what speaks its APIs, such as `https://{service}.{region}.amazonaws.com`.")
    ] = None
    log_delivery_file: Annotated[str | None, Meta(description="File that takes log records instead.")] = None
    log_delivery_url: Annotated[str | None, Meta(description="Address that takes log records by POST.")] = None
    log_delivery_authorization: Annotated[
        str | None, Meta(description="Authorization header for `log_delivery_url`."), _Secret
    ] = None

    kms_endpoint: Annotated[
        str | None,
        Meta(description="KMS or what speaks its API, for codes to pools' own senders; `{region}` is the key's."),
    ] = None

    event_retention_days: Annotated[int, Meta(description="How long events are kept."), _Positive] = 90
    message_retention_days: Annotated[int, Meta(description="How long sent messages are kept, sealed."), _Positive] = 7
    delivery_retention_days: Annotated[
        int, Meta(description="How long delivered and dead webhook deliveries are kept."), _Positive
    ] = 14

    metrics_host: Annotated[str, Meta(description="Address of the operators' port.", min_length=1)] = "127.0.0.1"
    metrics_port: Annotated[
        int, Meta(description="Operators' port, which serves /metrics; 0 turns it off.", ge=0, le=65535)
    ] = 9230
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "console", "json"], Meta(description="`auto` is `console` on a terminal, else `json`.")
    ] = "auto"

    def __repr__(self) -> str:
        shown = ((row.name, "…" if row.secret else repr(getattr(self, row.name))) for row in describe())
        return f"Settings({', '.join(f'{name}={value}' for name, value in shown)})"

    @property
    def sqlite_path(self) -> Path | None:
        """The database file, or None on PostgreSQL."""
        return Path(self.database.removeprefix("sqlite:///")) if self.database.startswith("sqlite:") else None


class Row(NamedTuple):
    """One knob, as the manual and `--help` tell it."""

    name: str
    variable: str
    default: str
    sentence: str
    secret: bool


def describe() -> list[Row]:
    """All knobs, in the order of `Settings`."""
    return [_row(field) for field in msgspec.structs.fields(Settings)]


def load(arguments: Mapping[str, object], environ: Mapping[str, str] | None = None) -> Settings:
    """Read all sources.

    `arguments` holds what the command line gave, by name of the knob, and may hold `config`, the TOML file; None means
    not given. Raises SettingError.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in arguments.items() if value is not None}
    file = given.pop("config", None) or environ.get("LIDO_CONFIG")
    arrived = {
        name: (value, source)
        for name, value, source in [*_from_file(file), *_from_environment(environ), *_from_arguments(given)]
    }
    values = {name: _converted(name, value, source) for name, (value, source) in arrived.items()}
    settings = Settings(**values)
    for name, complaint in _complaints(settings):
        source = arrived[name][1] if name in arrived else "default"
        raise SettingError(f"{name} ({source}) is not valid: {complaint}.")
    return _derived(settings)


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Names that begin with LIDO_ and mean nothing, probably misspelt; not those of Kubernetes service links."""
    environ = os.environ if environ is None else environ
    known = {"LIDO_CONFIG"}
    for row in describe():
        known.add(row.variable)
        if row.secret:
            known.add(f"{row.variable}_FILE")
    links = service_links.prefixes(environ)
    return sorted(
        name for name in environ if name.startswith("LIDO_") and name not in known and not name.startswith(links)
    )


def parse_master_keys(text: str) -> tuple[bytes, ...]:
    """Keys of 32 bytes from base64, separated by commas or lines; the first seals. Raises ValueError."""
    keys = []
    for word in text.replace(",", " ").split():
        try:
            key = base64.b64decode(word, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != MASTER_KEY_BYTES:
            raise ValueError("a master key must be base64 of 32 bytes")
        keys.append(key)
    if not keys:
        raise ValueError("no master key was found")
    return tuple(keys)


_Source = tuple[str, object, str]
_HINTS = {
    name: hint for name, hint in get_type_hints(Settings, include_extras=True).items() if name != "__struct_config__"
}
_LISTS = ("region", "trusted_proxies", "private_destinations")


def _row(field: msgspec.structs.FieldInfo) -> Row:
    sentence = ""
    extra: dict[str, str | bool] = {}
    for meta in _HINTS[field.name].__metadata__:
        sentence = meta.description or sentence
        extra |= meta.extra or {}
    default = str(extra.get("default") or _text(field.default))
    return Row(field.name, f"LIDO_{field.name.upper()}", default, sentence, "secret" in extra)


def _text(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case _:
            return str(default)


def _from_file(file: object) -> Iterator[_Source]:
    path = Path(str(file or DEFAULT_FILE))
    if not file and not path.is_file():
        return
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"The settings file {path} cannot be read: {error}.") from None
    for name, value in values.items():
        if name not in _HINTS:
            raise SettingError(f"The settings file {path} sets {name}, which is not a setting.")
        yield name, value, f"file {path}"


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Source]:
    for row in describe():
        indirect = f"{row.variable}_FILE"
        names_a_file = row.secret and indirect in environ and f"{row.name}_file" not in _HINTS
        if names_a_file and row.variable in environ:
            raise SettingError(f"{row.variable} and {indirect} are both set; set one.")
        if names_a_file:
            yield row.name, _secret_in(environ[indirect], indirect), f"variable {indirect}"
        elif row.variable in environ:
            yield row.name, environ[row.variable], f"variable {row.variable}"


def _secret_in(path: str, variable: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingError(f"{variable} names {path}, which cannot be read: {type(error).__name__}.") from None


def _from_arguments(given: Mapping[str, object]) -> Iterator[_Source]:
    for name, value in given.items():
        yield name, value, f"option --{name.replace('_', '-')}"


def _converted(name: str, value: object, source: str) -> Any:
    """The value in the type of its field; text for a list is split at commas."""
    if name in _LISTS and isinstance(value, str):
        value = value.replace(" ", "").split(",") if value.strip() else []
    try:
        return msgspec.convert(value, _HINTS[name], strict=False)
    except msgspec.ValidationError as error:
        raise SettingError(f"{name} ({source}) is not valid: {error}{service_links.cure(name, value)}.") from None


def _complaints(settings: Settings) -> Iterator[tuple[str, str]]:
    """(name, what is wrong)."""
    yield from complaints.about(settings)
    if settings.master_key is None:
        return
    try:
        parse_master_keys(settings.master_key)
    except ValueError as error:
        yield "master_key", str(error)


def _derived(settings: Settings) -> Settings:
    """Fill in the defaults that follow from other knobs."""
    scheme = "https" if settings.tls_dev or settings.tls_cert else "http"
    return msgspec.structs.replace(
        settings,
        public_url=complaints.as_browsers_write(settings.public_url or f"{scheme}://localhost:{settings.port}"),
        database=settings.database or f"sqlite:///{Path(settings.data_dir) / 'lido.db'}",
    )
