"""The wall chart: settings and ports become one running house; the only place where things are joined."""

from concurrent.futures import ThreadPoolExecutor

from lido.call import Call, House
from lido.flows.hashing import GatedHashing
from lido.ports.clock import Clock, SystemClock
from lido.ports.entropy import Entropy, SystemEntropy
from lido.rules.passwords import Hasher
from lido.rules.sealing import KeyRing as KeyRing
from lido.settings import Settings
from lido.storage.database import Database as Database
from lido.storage.database import connect
from lido.storage import migrations
from lido.storage.migrations import NewerDatabase as NewerDatabase
from lido.storage.migrations import pending as pending
from lido.web.app import Application
from lido.web.aws.door import Door
from lido.web.metrics import Metrics


def open_database(settings: Settings) -> Database:
    """The database that the settings name. Raises errors.Unavailable, and ValueError or RuntimeError with a sentence."""
    return connect(settings.database, synchronous=settings.synchronous, connections=settings.database_pool_size)


def migrate(database: Database) -> list[str]:
    """Apply the missing migrations and say which; NewerDatabase when a later release was here."""
    return migrations.migrate(database, SystemClock().now())


class Lido:
    """An assembled house: what every door of one process shares. `close` gives everything back."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        keys: KeyRing,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.keys = keys
        self.clock = clock or SystemClock()
        self.entropy = entropy or SystemEntropy()
        self.metrics = Metrics()
        self.house = House(
            account_id=settings.account_id,
            default_region=next((region for region in settings.region if region != "any"), "us-east-1"),
            regions=None if "any" in settings.region else frozenset(settings.region),
            public_url=settings.public_url.rstrip("/"),
        )
        self.hashing = GatedHashing(
            Hasher(
                time_cost=settings.argon2_time_cost,
                memory_kib=settings.argon2_memory_kib,
                parallelism=settings.argon2_parallelism,
            )
        )
        self._executor = ThreadPoolExecutor(settings.threads, thread_name_prefix="lido")

    def call(self, address: str = "", agent: str = "") -> Call:
        """The satchel of a new request that arrives now, by nobody yet."""
        return Call(
            db=self.database,
            keys=self.keys,
            clock=self.clock,
            entropy=self.entropy,
            hashing=self.hashing,
            house=self.house,
            caller=None,
            request_id=self.entropy.uuid(),
            address=address,
            agent=agent,
            now=self.clock.now(),
        )

    def application(self) -> Application:
        """The ASGI application with all doors."""
        door = Door(
            self.call,
            self._executor,
            body_limit_bytes=self.settings.body_limit_bytes,
            trusted_proxies=self.settings.trusted_proxies,
            metrics=self.metrics,
        )
        return Application(door, self.call, self._executor)

    def close(self) -> None:
        """Wait for requests in flight and give the database back."""
        self._executor.shutdown(wait=True)
        self.database.close()
