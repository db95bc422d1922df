"""For whom tokens are made."""

from msgspec import Struct

from lido.flows.signing import Ring
from lido.records import Client, Pool, User
from lido.rules.app_clients import Terms
from lido.storage.sign_ins import Group


class Holder(Struct, frozen=True):
    """For whom, through which client and with which keys tokens are made."""

    pool: Pool
    client: Client
    terms: Terms
    ring: Ring
    user: User
    groups: tuple[Group, ...]
