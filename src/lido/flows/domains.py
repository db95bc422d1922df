"""Which pool answers at a host, and where the clients of a pool are led."""

from urllib.parse import urlsplit

from lido.call import Call
from lido.records import Pool
from lido.rules import domains as names
from lido.storage import domains
from lido.storage.database import Transaction


def pool_at(call: Call, name: str | None) -> str | None:
    """The living pool that answers at the host of that name (as rules/domains.host_name gives it).

    None where nobody does, and at the installation's own name, whatever somebody stored.
    """
    domain = names.domain_at(name, call.house.domain_suffix) if name else None
    if domain is None or name == urlsplit(call.house.public_url).hostname:
        return None
    with call.db.read() as tx:
        return domains.pool_of(tx, domain)


def address(call: Call, tx: Transaction, pool: Pool) -> str:
    """Where clients are led to the pool's pages and endpoints; no slash at its end.

    At its custom domain, else at its prefix domain where a suffix is configured, else under its path.
    """
    house = call.house
    led_to = [each for each in domains.of_pool(tx, pool) if each.custom or house.announces_prefixes]
    for each in sorted(led_to, key=lambda each: not each.custom):
        host = names.host_of(each.domain, house.domain_suffix)
        if host is not None:
            return names.address(house.public_url, host)
    return f"{house.public_url}/{pool.pool_id}"
