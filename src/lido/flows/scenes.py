"""Who stands at the door: pool, client and person of one request, read in one statement."""

from collections.abc import Mapping

from msgspec import Struct, structs

from lido import errors
from lido.call import Call
from lido.flows import access, networks, progress, signing, unknown_users
from lido.flows.networks import Network
from lido.flows.progress import Progress
from lido.flows.signing import Ring
from lido.records import Client, Device, Password, Pool, User
from lido.rules.app_clients import Terms, terms_of
from lido.rules.identifiers import is_uuid
from lido.rules.steps import Door
from lido.rules.usernames import name_key
from lido.storage import devices, sign_ins
from lido.storage.database import Transaction
from lido.storage.sign_ins import Group

_LONGEST_NAME = 320
_LONGEST_DEVICE_KEY = 64


class Attempt(Struct, frozen=True):
    """What a request brings: at which door, through which client (of which pool, where it says so), and the answers."""

    door: Door
    client_id: str
    given: Mapping[str, str]
    pool_id: str | None = None


class Scene(Struct, frozen=True):
    """Who stands at which door: pool and client with their terms and keys, and whom the name led to.

    `user` is None for a stranger who may not learn it; `subject` is what the lockout counts on; `device` is the one
    of the user that was named, unproven. `network` is where the request comes from.
    """

    pool: Pool
    client: Client
    terms: Terms
    ring: Ring
    typed: str
    name_key: str
    subject: str
    user: User | None
    password: Password | None
    groups: tuple[Group, ...]
    network: Network
    device: Device | None = None


def required(given: Mapping[str, str], name: str) -> str:
    """What the request must bring. Raises InvalidParameter."""
    value = given.get(name)
    if not value:
        raise errors.InvalidParameter(f"Missing required parameter {name}")
    return value


def by_name(call: Call, tx: Transaction, attempt: Attempt, typed: str) -> Scene:
    """Whom the typed name leads to: a sub first, then username, alias or address.

    Raises ResourceNotFound, InvalidParameter for what nobody can be called.
    """
    pool_id, folding = _locate(call, tx, attempt)
    if len(typed) > _LONGEST_NAME:
        raise errors.InvalidParameter("Username is too long.")
    found, client_id, network, now = None, attempt.client_id, networks.prefix(call), call.now
    if is_uuid(typed):
        found = sign_ins.by_sub(tx, pool_id, client_id, typed, network=network, now=now)
    if found is None or found.user is None:
        found = sign_ins.by_name(tx, pool_id, client_id, name_key(typed, folding), network=network, now=now)
    if found is not None and found.pool.folding != folding:
        sign_ins.fold_as(tx, client_id, found.pool)
        folding = found.pool.folding
        found = sign_ins.by_name(tx, pool_id, client_id, name_key(typed, folding), network=network, now=now)
    return _of(call, tx, attempt, found, typed, name_key(typed, folding))


def resumed(call: Call, tx: Transaction, attempt: Attempt, step: str, blob: bytes) -> tuple[Scene, Progress]:
    """Who began the sign-in that `blob` carries, as they stand now, and how far it has come.

    Raises ResourceNotFound, NotAuthorized for a blob of another pool, client or step.
    """
    pool_id, folding = _locate(call, tx, attempt)
    begun = progress.open_blob(call, tx, pool_id, attempt.client_id, step, blob)
    network, now = networks.prefix(call), call.now
    found = sign_ins.by_sub(tx, pool_id, attempt.client_id, begun.subject, network=network, now=now)
    return _of(call, tx, attempt, found, begun.typed, name_key(begun.typed, folding)), begun


def as_nobody(call: Call, scene: Scene) -> Scene:
    """The same scene as if the name led to nobody."""
    subject = unknown_users.subject(call, scene.pool.pool_id, scene.name_key)
    return structs.replace(scene, user=None, password=None, groups=(), device=None, subject=subject)


def named_device(given: Mapping[str, str]) -> str:
    """The DEVICE_KEY of a request, '' where it names none that could be one."""
    named = given.get("DEVICE_KEY") or ""
    return named if len(named) <= _LONGEST_DEVICE_KEY else ""


def with_device(call: Call, scene: Scene, device_key: str) -> Scene:
    """The scene with the user's device of that key, where the pool remembers devices."""
    if not device_key or scene.user is None or scene.pool.settings.shape.device_configuration is None:
        return scene
    with call.db.read() as tx:
        found = devices.find(tx, scene.pool.pool_id, scene.user.sub, device_key)
    return structs.replace(scene, device=found)


def require_known_device(scene: Scene, given: Mapping[str, str]) -> None:
    """The device that an answer names must be one of the user's: clients that hear otherwise try without it.

    Beginning with an unknown one is no fault, because clients would not try again. Raises ResourceNotFound.
    """
    if given.get("DEVICE_KEY") and scene.device is None and scene.pool.settings.shape.device_configuration is not None:
        raise errors.ResourceNotFound("Device does not exist.")


def _locate(call: Call, tx: Transaction, attempt: Attempt) -> tuple[str, int]:
    found = sign_ins.pool_and_folding(tx, attempt.client_id)
    if attempt.pool_id is not None and (found is None or found[0] != attempt.pool_id):
        access.require_pool(call, tx, attempt.pool_id)
        found = None
    if found is None:
        raise errors.ResourceNotFound(f"User pool client {attempt.client_id} does not exist.")
    return found


def _of(call: Call, tx: Transaction, attempt: Attempt, found: sign_ins.SignIn | None, typed: str, key: str) -> Scene:
    if found is None:
        raise errors.ResourceNotFound(f"User pool client {attempt.client_id} does not exist.")
    pool, user = found.pool, found.user
    if attempt.door == "admin" and pool.region != call.region:
        raise errors.ResourceNotFound(f"User pool {pool.pool_id} does not exist.")
    return Scene(
        pool=pool,
        client=found.client,
        terms=terms(tx, found.client),
        ring=signing.ring(call, tx, pool),
        typed=typed,
        name_key=key,
        subject=user.sub if user else unknown_users.subject(call, pool.pool_id, key),
        user=user,
        password=found.password,
        groups=found.groups,
        network=networks.of(call, tx, pool, found.client, found.failures, by_operator=attempt.door == "admin"),
    )


def terms(tx: Transaction, client: Client) -> Terms:
    """The client's terms, from memory while its version stands."""
    key = ("client terms", client.pool_id, client.client_id)
    kept: Terms | None = tx.documents.get(key, client.version)
    if kept is None:
        kept = terms_of(client)
        if not tx.writing:
            tx.documents.keep(key, client.version, kept)
    return kept
