"""Identity providers of a pool: their configuration, and the identifiers that lead to one."""

import msgspec

from lido.records import Pool, Record
from lido.storage.database import Row, Transaction


class ProviderSettings(msgspec.Struct, omit_defaults=True):
    """The document of a provider; secrets are elsewhere. `issuer` is who it says that it is, where it has a say.

    None is what no request has set, which is not the same as something empty.
    """

    details: dict[str, str]
    attribute_mapping: dict[str, str] | None = None
    identifiers: list[str] | None = None
    acr_mapping: dict[str, str] | None = None
    issuer: str | None = None


class IdentityProvider(Record, frozen=True):
    """A provider at which a pool's users may sign in; `secrets` is sealed."""

    pool_id: str
    name: str
    kind: str
    settings: ProviderSettings
    secrets: bytes
    version: int
    created_at: int
    modified_at: int


_COLUMNS = "pool_id, name, kind, settings, secrets, version, created_at, modified_at"

_decode = msgspec.json.Decoder(ProviderSettings).decode


def _provider(row: Row) -> IdentityProvider:
    return IdentityProvider(*(*row[:3], _decode(row[3]), *row[4:]))


def find(tx: Transaction, pool_id: str, name: str) -> IdentityProvider | None:
    """The provider of that pool and name."""
    row = tx.row(
        f"SELECT {_COLUMNS} FROM identity_providers WHERE pool_id = :pool_id AND name = :name",
        pool_id=pool_id,
        name=name,
    )
    return None if row is None else _provider(row)


def identified_by(tx: Transaction, pool_id: str, identifier: str) -> IdentityProvider | None:
    """The provider that goes by that identifier."""
    row = tx.row(
        "SELECT provider FROM provider_identifiers WHERE pool_id = :pool_id AND identifier = :identifier",
        pool_id=pool_id,
        identifier=identifier,
    )
    return None if row is None else find(tx, pool_id, row[0])


def names_of(tx: Transaction, pool: Pool) -> frozenset[str]:
    """The names of the pool's providers; from memory while the pool's version stands."""
    key = ("identity providers", pool.pool_id)
    kept: frozenset[str] | None = tx.documents.get(key, pool.version)
    if kept is None:
        rows = tx.rows("SELECT name FROM identity_providers WHERE pool_id = :pool_id", pool_id=pool.pool_id)
        kept = frozenset(str(row[0]) for row in rows)
        if not tx.writing:
            tx.documents.keep(key, pool.version, kept)
    return kept


def page(tx: Transaction, pool_id: str, *, after: str, limit: int) -> list[IdentityProvider]:
    """Providers of the pool by name, after that one."""
    rows = tx.rows(
        f"""SELECT {_COLUMNS} FROM identity_providers WHERE pool_id = :pool_id AND name > :after
            ORDER BY pool_id, name LIMIT :limit""",
        pool_id=pool_id,
        after=after,
        limit=limit,
    )
    return [_provider(row) for row in rows]


def count(tx: Transaction, pool_id: str) -> int:
    """How many providers the pool has."""
    row = tx.row("SELECT count(*) FROM identity_providers WHERE pool_id = :pool_id", pool_id=pool_id)
    return 0 if row is None else int(row[0])


def add(tx: Transaction, provider: IdentityProvider) -> bool:
    """Store a new provider; False: the name is taken. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run(
            f"""INSERT INTO identity_providers ({_COLUMNS})
                VALUES (:pool_id, :name, :kind, :settings, :secrets, :version, :created_at, :modified_at)
                ON CONFLICT (pool_id, name) DO NOTHING""",
            pool_id=provider.pool_id,
            name=provider.name,
            kind=provider.kind,
            settings=msgspec.json.encode(provider.settings).decode(),
            secrets=provider.secrets,
            version=provider.version,
            created_at=provider.created_at,
            modified_at=provider.modified_at,
        )
        == 1
    )


def replace(tx: Transaction, changed: IdentityProvider, now: int) -> bool:
    """Write settings and secrets of `changed`, whose `version` is the one that was read; False: stale, or gone.

    The caller has locked the pool (`pools.touch`).
    """
    return (
        tx.run(
            """UPDATE identity_providers SET settings = :settings, secrets = :secrets, version = version + 1,
                 modified_at = :now WHERE pool_id = :pool_id AND name = :name AND version = :seen""",
            settings=msgspec.json.encode(changed.settings).decode(),
            secrets=changed.secrets,
            now=now,
            pool_id=changed.pool_id,
            name=changed.name,
            seen=changed.version,
        )
        == 1
    )


def hold(tx: Transaction, pool_id: str, name: str) -> None:
    """Take the provider's row until the transaction ends, and leave it as it is."""
    tx.run(
        "UPDATE identity_providers SET version = version WHERE pool_id = :pool_id AND name = :name",
        pool_id=pool_id,
        name=name,
    )


def remove(tx: Transaction, pool_id: str, name: str) -> bool:
    """Delete it with its identifiers; False: there is none. The caller has locked the pool (`pools.touch`)."""
    tx.run("DELETE FROM provider_identifiers WHERE pool_id = :pool_id AND provider = :name", pool_id=pool_id, name=name)
    return (
        tx.run("DELETE FROM identity_providers WHERE pool_id = :pool_id AND name = :name", pool_id=pool_id, name=name)
        == 1
    )


def set_identifiers(tx: Transaction, provider: IdentityProvider) -> bool:
    """Let the identifiers of its settings, and no others, lead to it; False: another provider has one of them.

    The caller has locked the pool (`pools.touch`).
    """
    here = {"pool_id": provider.pool_id, "provider": provider.name}
    tx.run("DELETE FROM provider_identifiers WHERE pool_id = :pool_id AND provider = :provider", **here)
    return all(
        tx.run(
            """INSERT INTO provider_identifiers (pool_id, identifier, provider)
               VALUES (:pool_id, :identifier, :provider) ON CONFLICT (pool_id, identifier) DO NOTHING""",
            identifier=identifier,
            **here,
        )
        == 1
        for identifier in provider.settings.identifiers or ()
    )
