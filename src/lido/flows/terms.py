"""What the people of an app agree to when they sign up."""

from lido.call import Call
from lido.records import Pool
from lido.rules.terms import link
from lido.storage import terms


def addresses(call: Call, pool: Pool, client_id: str, language: str) -> dict[str, str]:
    """The addresses of the client's documents in a language of the pages, by their names."""
    with call.db.read() as tx:
        found = terms.of_client(tx, pool, client_id)
    return {name: link(document.links, language) for name, document in found.items()}
