"""Where pools are reached beside their path: prefix domains and custom domains, each once in the installation."""

import msgspec

from lido.records import Pool, Record
from lido.shapes import idp
from lido.storage.database import Row, Transaction


class DomainSettings(msgspec.Struct, omit_defaults=True):
    """The document of a domain: what Cognito describes beside its name and its pool."""

    managed_login_version: int = 1
    custom_domain_config: idp.CustomDomainConfigType | None = None
    routing: idp.RoutingType | None = None


class Domain(Record, frozen=True):
    """A domain at which a pool is reached: a prefix without a dot, or `custom` a whole name."""

    domain: str
    pool_id: str
    custom: bool
    settings: DomainSettings
    created_at: int
    modified_at: int


_COLUMNS = "domain, pool_id, custom, settings, created_at, modified_at"

_decode = msgspec.json.Decoder(DomainSettings).decode


def _domain(row: Row) -> Domain:
    return Domain(*(*row[:3], _decode(row[3]), *row[4:]))


def find(tx: Transaction, domain: str) -> Domain | None:
    """The domain of that name, of a living pool or not."""
    row = tx.row(f"SELECT {_COLUMNS} FROM domains WHERE domain = :domain", domain=domain)
    return None if row is None else _domain(row)


def pool_of(tx: Transaction, domain: str) -> str | None:
    """The living pool that answers at that domain."""
    row = tx.row(
        """SELECT d.pool_id FROM domains d JOIN pools p ON p.pool_id = d.pool_id
           WHERE d.domain = :domain AND p.deleted_at IS NULL""",
        domain=domain,
    )
    return None if row is None else str(row[0])


def of_pool(tx: Transaction, pool: Pool) -> list[Domain]:
    """The pool's domains by name; from memory while the pool's version stands."""
    key = ("domains", pool.pool_id)
    kept: list[Domain] | None = tx.documents.get(key, pool.version)
    if kept is not None:
        return kept
    rows = tx.rows(f"SELECT {_COLUMNS} FROM domains WHERE pool_id = :pool_id ORDER BY domain", pool_id=pool.pool_id)
    found = [_domain(row) for row in rows]
    if not tx.writing:
        tx.documents.keep(key, pool.version, found)
    return found


def every(tx: Transaction) -> list[Domain]:
    """Those of all pools, by name."""
    return [_domain(row) for row in tx.rows(f"SELECT {_COLUMNS} FROM domains ORDER BY domain")]


def naming(tx: Transaction, certificate_arn: str) -> list[str]:
    """The custom domains whose certificate that is, by name."""
    configured = ((domain.domain, domain.settings.custom_domain_config) for domain in every(tx))
    return [name for name, config in configured if config and config.certificate_arn == certificate_arn]


def add(tx: Transaction, domain: Domain) -> bool:
    """Store a new domain; False: the name is taken. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run(
            f"""INSERT INTO domains ({_COLUMNS})
                VALUES (:domain, :pool_id, :custom, :settings, :created_at, :modified_at)
                ON CONFLICT (domain) DO NOTHING""",
            domain=domain.domain,
            pool_id=domain.pool_id,
            custom=domain.custom,
            settings=msgspec.json.encode(domain.settings).decode(),
            created_at=domain.created_at,
            modified_at=domain.modified_at,
        )
        == 1
    )


def set_settings(tx: Transaction, domain: Domain, settings: DomainSettings, now: int) -> None:
    """Replace the document. The caller has locked the pool (`pools.touch`)."""
    tx.run(
        "UPDATE domains SET settings = :settings, modified_at = :now WHERE domain = :domain AND pool_id = :pool_id",
        settings=msgspec.json.encode(settings).decode(),
        now=now,
        domain=domain.domain,
        pool_id=domain.pool_id,
    )


def remove(tx: Transaction, pool_id: str, domain: str) -> bool:
    """Delete the pool's domain of that name; False: it has none. The caller has locked the pool (`pools.touch`)."""
    return (
        tx.run("DELETE FROM domains WHERE domain = :domain AND pool_id = :pool_id", domain=domain, pool_id=pool_id) == 1
    )
