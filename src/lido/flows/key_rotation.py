"""Changing keys without a gap: a pool's signing keys step by step, and everything sealed under an older master key.

A signing key is published an hour before it signs, and verifies until the last token it signed has expired.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import structlog

from lido.call import Call
from lido.flows import (
    access,
    certificates,
    delivery,
    devices,
    identity_providers,
    import_uploads,
    lasting_keys,
    operators,
    passkeys,
    passwords,
    saml_certificates,
    signing,
    totp,
    trigger_targets,
    webhooks,
)
from lido.flows.events import Fact, tell
from lido.records import Pool, SigningKey
from lido.rules.sealing import Unsealable
from lido.storage import pools, sealed_columns, signing_keys
from lido.storage.database import Transaction
from lido.storage.sealed_columns import Column

PUBLICATION_MS = 3_600_000
"""How long a key is published before it signs: longer than anybody keeps jwks.json."""
LONGEST_TOKEN_MS = 86_400_000
"""The longest life of an ID or access token."""
_MARGIN_MS = 3_600_000
_ROWS_AT_ONCE = 500
_log = structlog.get_logger("lido.keys")


def rotate_signing_keys(call: Call, pool: Pool) -> list[SigningKey]:
    """Publish a new key for each use, to sign an hour from now; the keys that will.

    While a rotation is under way its keys are given and nothing begins. Makes RSA keys, so it runs outside of any
    transaction. The rest is `advance`.
    """
    signs_from_at = call.now + PUBLICATION_MS
    made = [signing.make(call, pool.pool_id, use, state="next", signs_from_at=signs_from_at) for use in signing.USES]
    with call.db.write() as tx:
        if not pools.touch(tx, pool.pool_id):
            return []
        waiting = [key for key in signing_keys.all_of(tx, pool.pool_id) if key.state == "next"]
        if waiting:
            return waiting
        for key in made:
            signing_keys.add(tx, key)
        _tell(call, tx, pool.pool_id, "published", made)
    return made


def advance(call: Call, tx: Transaction, pool_id: str) -> bool:
    """Take the steps that are due for a pool's keys: published ones sign, those before stop, expired ones go.

    One write under the pool's version, which every process reads before it signs. False: the pool is gone.
    """
    if not pools.touch(tx, pool_id):
        return False
    keys = signing_keys.all_of(tx, pool_id)
    ready = [key for key in keys if key.state == "next" and key.signs_from_at <= call.now]
    for key in ready:
        for before in keys:
            if before.use == key.use and before.state == "live":
                gone_at = call.now + LONGEST_TOKEN_MS + _MARGIN_MS
                signing_keys.retire(tx, pool_id, before.kid, now=call.now, gone_at=gone_at)
        signing_keys.promote(tx, pool_id, key.kid)
    signing_keys.remove_gone(tx, pool_id, call.now)
    if ready:
        _tell(call, tx, pool_id, "signing", ready)
    return True


def _tell(call: Call, tx: Transaction, pool_id: str, reason: str, keys: list[SigningKey]) -> None:
    tell(call, tx, pool_id, "keys_rotated", fact=Fact(reason=reason, names=[key.kid for key in keys]))


class SealedColumn(msgspec.Struct, frozen=True):
    """Where sealed things rest, and the purpose that they are sealed for."""

    column: Column
    purpose: str


SEALED = tuple(
    SealedColumn(Column(table, key, name, binding), purpose)
    for table, key, name, purpose, binding in (
        ("signing_keys", ("pool_id", "kid"), "private_key", signing.PURPOSE, ("pool_id", "kid")),
        (
            "client_secrets",
            ("pool_id", "client_id", "slot"),
            "secret",
            access.SECRET_PURPOSE,
            ("pool_id", "client_id", "secret_id"),
        ),
        ("passwords", ("pool_id", "sub"), "material", passwords.PURPOSE, ("pool_id", "sub")),
        ("password_history", ("pool_id", "sub", "set_at"), "hash", passwords.HISTORY_PURPOSE, ("pool_id", "sub")),
        ("totp_keys", ("pool_id", "sub", "id"), "seed", totp.PURPOSE, ("pool_id", "sub", "id")),
        ("devices", ("pool_id", "sub", "device_key"), "verifier", devices.PURPOSE, ("pool_id", "sub", "device_key")),
        ("challenges", ("pool_id", "id"), "state", passkeys.PURPOSE, ("pool_id", "id")),
        ("messages", ("pool_id", "id"), "body", delivery.PURPOSE, ("pool_id", "id")),
        ("access_keys", ("access_key_id",), "secret", operators.PURPOSE, ("access_key_id",)),
        ("trigger_targets", ("name",), "secret", trigger_targets.PURPOSE, ("name",)),
        (
            "identity_providers",
            ("pool_id", "name"),
            "secrets",
            identity_providers.PURPOSE,
            ("pool_id", "name"),
        ),
        ("saml_certificates", ("pool_id",), "private_key", saml_certificates.PURPOSE, ("pool_id",)),
        ("certificates", ("id",), "private_key", certificates.PURPOSE, ("id",)),
        (
            "import_chunks",
            ("pool_id", "job_id", "upload", "part"),
            "content",
            import_uploads.PURPOSE,
            ("pool_id", "job_id", "upload", "part"),
        ),
        ("webhooks", ("pool_id", "id"), "secret", webhooks.PURPOSE, ("pool_id", "id")),
        ("webhooks", ("pool_id", "id"), "former_secret", webhooks.PURPOSE, ("pool_id", "id")),
    )
)
"""Every sealed column there is; what is sealed and not here is lost when its master key is removed."""


class Progress(msgspec.Struct, frozen=True):
    """How far sealing anew has come in one place: blobs seen, sealed anew, and such as no key here opens."""

    place: str
    seen: int
    resealed: int
    lost: int


def reseal(call: Call) -> Iterator[Progress]:
    """Seal everything at rest with the newest master key, telling the progress after each batch of 500.

    Every node must already seal with that key. It may be stopped and begun again at any time, and nobody waits for
    it. An older key may be removed when a whole run has lost nothing, and the refresh tokens made under it have ended.
    """
    for sealed in SEALED:
        yield from _reseal_column(call, sealed)
    for name in lasting_keys.NAMES:
        yield _reseal_lasting_key(call, name)


def _reseal_column(call: Call, sealed: SealedColumn) -> Iterator[Progress]:
    progress = Progress(f"{sealed.column.table}.{sealed.column.name}", 0, 0, 0)
    after: tuple[Any, ...] = ()
    while True:
        with call.db.read() as tx:
            found = sealed_columns.page(tx, sealed.column, after=after, limit=_ROWS_AT_ONCE)
        if found:
            progress = _reseal_batch(call, sealed, found, progress)
            after = found[-1].key
        if found or not progress.seen:
            yield progress
        if len(found) < _ROWS_AT_ONCE:
            return


def _reseal_batch(call: Call, sealed: SealedColumn, found: list[sealed_columns.Sealed], before: Progress) -> Progress:
    renewed, lost = [], 0
    for each in found:
        if call.keys.is_newest(each.blob):
            continue
        try:
            content = call.keys.open(sealed.purpose, each.blob, *each.binding)
        except Unsealable:
            lost += 1
            _log.error("cannot be opened", place=before.place, key=list(each.key))
        else:
            renewed.append((each, call.keys.seal(sealed.purpose, content, *each.binding)))
    resealed = 0
    if renewed:
        with call.db.write() as tx:
            # What was changed meanwhile was sealed with the newest key by whoever changed it.
            resealed = sum(sealed_columns.replace(tx, sealed.column, each, blob) for each, blob in renewed)
    return Progress(before.place, before.seen + len(found), before.resealed + resealed, before.lost + lost)


def _reseal_lasting_key(call: Call, name: str) -> Progress:
    try:
        resealed = int(lasting_keys.reseal(call, name))
    except Unsealable:
        return Progress(name, 1, 0, 1)
    return Progress(name, resealed, resealed, 0)
