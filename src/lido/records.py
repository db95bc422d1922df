"""What the house remembers: one frozen struct for each thing that has a row.

Times are integers, milliseconds since 1970, named `…_at`. A record is a fact of
the past; nothing here decides anything. Fields stand in the order of the column
lists in `storage`, because rows become records by position.
"""

from enum import IntEnum
from typing import Any, Literal

from msgspec import Struct, field

from lido.shapes import idp


class Record(Struct, frozen=True):
    """A row. Its repr names the type only: rows hold what logs must not."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Status(IntEnum):
    """`UserStatus` of the service model, as stored."""

    UNCONFIRMED = 1
    CONFIRMED = 2
    RESET_REQUIRED = 3
    FORCE_CHANGE_PASSWORD = 4
    EXTERNAL_PROVIDER = 5
    ARCHIVED = 6
    COMPROMISED = 7
    UNKNOWN = 8


class Factor(IntEnum):
    """What a user can prove with, one bit each; kept beside the user by the transaction that changes a factor."""

    NONE = 0
    PASSWORD = 1
    TOTP = 2
    SMS = 4
    EMAIL = 8
    PASSKEY = 16
    PASSKEY_MFA = 32
    RECOVERY_CODES = 64
    DEVICE = 128


class HandleKind(IntEnum):
    """What a row of `user_names` stands for."""

    USERNAME = 1
    EMAIL = 2
    PHONE_NUMBER = 3
    PREFERRED_USERNAME = 4


class Folding(IntEnum):
    """How names of a pool are compared; fixed at the pool's creation."""

    INSENSITIVE = 1
    SENSITIVE = 2


class MessageTemplate(Struct, frozen=True, omit_defaults=True):
    """The words of one kind of message in one language. An SMS is `text` alone; an e-mail has HTML, text, or both."""

    source: str
    medium: Literal["EMAIL", "SMS"]
    language: str
    subject: str = ""
    text: str = ""
    html: str = ""


class PoolSettings(Struct, omit_defaults=True):
    """The document of a pool: what Cognito describes, and what it lacks.

    `shape` carries neither id, ARN, dates nor counts: those are columns. `options`
    are the settings of rules/options.py, by name; `templates` have each source,
    medium and language once.
    """

    shape: idp.UserPoolType
    software_token_mfa: bool | None = None
    """None unless it was said."""
    sms_mfa: idp.SmsMfaConfigType | None = None
    email_mfa: idp.EmailMfaConfigType | None = None
    webauthn: idp.WebAuthnConfigurationType | None = None
    user_session_tracking: idp.UserSessionTrackingType = "DISABLED"
    token_session: idp.UserPoolTokenSessionConfigType | None = None
    log_configurations: list[idp.LogConfigurationType] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    templates: tuple[MessageTemplate, ...] = ()


class Pool(Record, frozen=True):
    """A user pool."""

    pool_id: str
    region: str
    name: str
    settings: PoolSettings
    folding: int
    version: int
    created_at: int
    modified_at: int


class ClientSettings(Struct, omit_defaults=True):
    """The document of an app client; `shape` carries neither ids, names, dates nor the secret.

    `registered` is what a client that registered itself says of itself, by the names of RFC 7591 §2; nothing is proven.
    `by_token`: it brought an access token that opens registration, so it is not just anybody's.
    """

    shape: idp.UserPoolClientType
    options: dict[str, str] = field(default_factory=dict)
    sso_session: idp.ClientSSOSessionConfigType | None = None
    registered: dict[str, str | list[str]] = field(default_factory=dict)
    by_token: bool = False


class Client(Record, frozen=True):
    """An app client of a user pool; `expires_at` is when it goes unless somebody wants it before, None for most."""

    pool_id: str
    client_id: str
    name: str
    settings: ClientSettings
    kind: str
    version: int
    created_at: int
    modified_at: int
    expires_at: int | None = None


class ClientSecret(Record, frozen=True):
    """One of a client's two secrets; `secret` is sealed."""

    pool_id: str
    client_id: str
    slot: int
    secret_id: str
    secret: bytes
    created_at: int


class SigningKey(Record, frozen=True):
    """An RSA key of a pool. `use` is `id` or `access`; `state` is `next`, `live` or `old`."""

    pool_id: str
    kid: str
    use: str
    state: str
    public_key: str
    private_key: bytes | None
    created_at: int
    signs_from_at: int
    retired_at: int | None
    gone_at: int | None


class User(Record, frozen=True):
    """A user. E-mail, phone and their flags are columns, the other attributes are one document."""

    pool_id: str
    sub: str
    username: str
    status: int
    enabled: bool
    epoch: int
    signed_out_at: int
    version: int
    factors: int
    preferred_factor: int | None
    email: str | None
    email_verified: bool
    phone_number: str | None
    phone_verified: bool
    attributes: dict[str, str]
    created_at: int
    modified_at: int


class SearchKeys(Record, frozen=True):
    """The folded values that `ListUsers` searches; computed by rules/profile.py, derived from a user."""

    username_key: str | None
    email_key: str | None
    name_key: str | None
    given_name_key: str | None
    family_name_key: str | None
    preferred_username_key: str | None


class Handle(Record, frozen=True):
    """A name by which a user may be found."""

    pool_id: str
    name_key: str
    kind: int
    sub: str


class Password(Record, frozen=True):
    """A user's password; `material` is sealed (rules/passwords.py)."""

    pool_id: str
    sub: str
    material: bytes
    temporary: bool
    expires_at: int | None
    version: int
    set_at: int


class Group(Record, frozen=True):
    """A group of users."""

    pool_id: str
    name: str
    description: str | None
    role_arn: str | None
    precedence: int | None
    created_at: int
    modified_at: int


class Code(Record, frozen=True):
    """A confirmation code that was sent; `digest` is keyed, `epoch` the user's when it was made."""

    pool_id: str
    sub: str
    purpose: str
    id: str
    digest: bytes
    attribute: str | None
    destination_key: str | None
    client_id: str | None
    epoch: int
    created_at: int
    expires_at: int


class Session(Record, frozen=True):
    """A sign-in that refresh tokens continue: one row for a family of tokens."""

    pool_id: str
    sub: str
    id: str
    client_id: str
    public_id: str | None
    epoch: int
    generation: int
    rotated_at: int
    grace_generation: int
    grace_until: int
    revoked_at: int | None
    auth_time: int
    created_at: int
    expires_at: int
    active_at: int
    grant_info: str
    device_key: str | None
    event_id: str | None
    sso_id: str | None = None


class TotpKey(Record, frozen=True):
    """An authenticator app of a user; `seed` is sealed, `last_step` the newest time step that was accepted."""

    pool_id: str
    sub: str
    id: str
    name: str | None
    seed: bytes
    verified: bool
    last_step: int
    created_at: int


class Passkey(Record, frozen=True):
    """A WebAuthn credential; `public_key` is COSE in CBOR, `transports` a JSON list, ids are base64url."""

    pool_id: str
    credential_id: str
    sub: str
    public_key: bytes
    sign_count: int
    backup_eligible: bool
    backed_up: bool
    rp_id: str
    name: str | None
    attachment: str | None
    transports: str | None
    aaguid: str | None
    created_at: int
    used_at: int | None


class DeviceStatus(IntEnum):
    """How a confirmed device stands."""

    REMEMBERED = 2
    NOT_REMEMBERED = 3


class Device(Record, frozen=True):
    """A device that was signed in on; `verifier` is sealed: salt and SRP verifier, None until it is confirmed."""

    pool_id: str
    sub: str
    device_key: str
    group_key: str
    name: str | None
    status: int
    verifier: bytes | None
    last_ip: str | None
    created_at: int
    modified_at: int
    last_signed_in_at: int


class Event(Record, frozen=True):
    """One fact that became true."""

    pool_id: str
    id: str
    kind: str
    sub: str
    body: dict[str, Any]


class Message(Record, frozen=True):
    """A message on its way to a person; `body` is sealed.

    `state`: 0 waiting, 1 sent, 2 given up, 3 kept because no gateway is configured. `can_wait`: nobody sits there and
    waits for it, so that the pool's other messages leave first.
    """

    pool_id: str
    id: str
    sub: str | None
    medium: str
    recipient_key: str
    body: bytes
    state: int
    attempts: int
    next_at: int
    leased_until: int
    expires_at: int
    sent_at: int | None
    last_error: str | None
    can_wait: bool = False


class Operator(Record, frozen=True):
    """Somebody who runs the installation."""

    id: str
    name: str
    policy: str
    created_at: int


class AccessKey(Record, frozen=True):
    """An operator's access key; `secret` is sealed, `policy` an IAM-style document."""

    access_key_id: str
    operator_id: str
    secret: bytes
    policy: str
    version: int
    created_at: int
    revoked_at: int | None


class TargetSettings(Struct, omit_defaults=True):
    """How a trigger's function is called; `folder` is where the code of a handler lies."""

    timeout_seconds: float = 5.0
    attempts: int = 3
    folder: str = ""


class TriggerTarget(Record, frozen=True):
    """A function that triggers call, by its name; `secret` is sealed: a signing key, or an environment."""

    name: str
    kind: Literal["url", "handler", "python"]
    address: str
    secret: bytes | None
    settings: TargetSettings
    created_at: int
