"""The wall chart: settings and ports become one running house; the only place where things are joined."""

from pathlib import Path
from urllib.parse import urlsplit

from lido.call import Call, House
from lido.flows import audit_chain, lasting_keys, webhooks
from lido.flows.acme_worker import ACMEWorker
from lido.flows.chores import Background, Chores
from lido.flows.chores import table as chores_table
from lido.flows.hashing import GatedHashing
from lido.flows.import_worker import ImportWorker
from lido.flows.limit_sharing import LimitSharing
from lido.flows.limits import Limits
from lido.flows.log_worker import LogWorker
from lido.flows.logout_worker import LogoutWorker
from lido.flows.message_worker import MessageWorker
from lido.flows.webhook_worker import WebhookWorker
from lido.ports import aws_logs
from lido.ports.acme import Directory
from lido.ports.aws_client import AccessKey
from lido.ports.aws_logs import S3, CloudWatchLogs, Firehose
from lido.ports.aws_messages import SES, SNS, Account
from lido.ports.clock import Clock, SystemClock
from lido.ports.documents import PublishedDocuments
from lido.ports.entropy import Entropy, SystemEntropy
from lido.ports.key_sets import PublishedKeySets
from lido.ports.kms import KMS
from lido.ports.log_sinks import FileSink, HTTPSink, LogSink
from lido.ports.mail import Mail, SMTPMail
from lido.ports.message_ways import MailByAccount, TextMessagesByAccount
from lido.ports.outgoing import ANYWHERE, Outgoing
from lido.ports.sms import HTTPGateway, TextMessages
from lido.ports.triggers.aws_lambda import AWSLambda
from lido.ports.triggers.carrier import Carrier
from lido.ports.triggers.carriers import Carriers
from lido.ports.triggers.endpoint import Endpoints
from lido.ports.triggers.function_process import Runtimes
from lido.ports.triggers.handlers import Handlers
from lido.ports.triggers.python_function import PythonFunctions
from lido.rules.log_delivery import Service
from lido.rules.passwords import Hasher
from lido.rules.sealing import KeyRing as KeyRing
from lido.settings import Settings
from lido.storage import facts, migrations
from lido.storage.database import Database as Database
from lido.storage.database import connect
from lido.storage.migrations import NewerDatabase as NewerDatabase
from lido.storage.migrations import pending as pending
from lido.web.app import Application
from lido.web.aws.door import Door
from lido.web.lanes import Lanes
from lido.web.metrics import Metrics


def open_database(settings: Settings) -> Database:
    """The database that the settings name. Raises errors.Unavailable; ValueError or RuntimeError with a sentence."""
    return connect(settings.database, synchronous=settings.synchronous, connections=settings.database_pool_size)


def migrate(database: Database) -> list[str]:
    """Apply the missing migrations and say which; NewerDatabase when a later release was here."""
    return migrations.migrate(database, SystemClock().now())


def engine_version(database: Database) -> str:
    """The version of SQLite or of the PostgreSQL server."""
    with database.read() as tx:
        return facts.engine_version(tx, database.engine)


def is_standby(database: Database) -> bool:
    """Whether the database follows a primary, and cannot be written before it is promoted."""
    with database.read() as tx:
        return facts.is_standby(tx, database.engine)


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
        triggers: Carrier | None = None,
    ) -> None:
        self.settings = settings
        self.database = database
        self.keys = keys
        self.clock = clock or SystemClock()
        self.entropy = entropy or SystemEntropy()
        self.metrics = Metrics()
        self.metrics.watch_deliveries(lambda state: webhooks.count(self.call(), state))
        self.limits = Limits(settings.request_rate_factor, tally=self.metrics.count_throttled)
        self.outgoing = Outgoing(settings.private_destinations)
        self.key_sets = PublishedKeySets(self.outgoing, waiting=max(1, settings.threads // 4))
        self.documents = PublishedDocuments(self.outgoing, waiting=max(1, settings.threads // 4))
        self.house = House(
            account_id=settings.account_id,
            default_region=next((region for region in settings.region if region != "any"), "us-east-1"),
            regions=None if "any" in settings.region else frozenset(settings.region),
            public_url=settings.public_url.rstrip("/"),
            domain_suffix=_domain_suffix(settings),
            announces_prefixes=settings.domain_suffix is not None,
            stand_in_key=lasting_keys.provide(database, keys, self.entropy, lasting_keys.STAND_INS),
            audit_key=audit_chain.provide_key(database, keys, self.entropy),
        )
        # At the gate wait no more than the slow lane brings: whoever comes to it in the other lane cannot fill that.
        slow_threads = max(1, settings.threads * 3 // 4)
        self.hashing = GatedHashing(
            Hasher(
                time_cost=settings.argon2_time_cost,
                memory_kib=settings.argon2_memory_kib,
                parallelism=settings.argon2_parallelism,
            ),
            queue=slow_threads,
        )
        self.triggers = triggers or _carriers(settings, self.clock, self.entropy)
        self._lanes = Lanes(settings.threads, slow_threads, hashing=self.hashing.clocks)

    def call(self, address: str = "", agent: str = "") -> Call:
        """The satchel of a new request that arrives now, by nobody yet."""
        return Call(
            db=self.database,
            keys=self.keys,
            clock=self.clock,
            entropy=self.entropy,
            hashing=self.hashing,
            triggers=self.triggers,
            key_sets=self.key_sets,
            limits=self.limits,
            documents=self.documents,
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
            self._lanes,
            body_limit_bytes=self.settings.body_limit_bytes,
            trusted_proxies=self.settings.trusted_proxies,
            metrics=self.metrics,
        )
        return Application(
            door, self.call, self._lanes, trusted_proxies=self.settings.trusted_proxies, metrics=self.metrics
        )

    def background(self) -> Background:
        """What this process does unasked, not yet started: it sends messages and does chores.

        Raises Unavailable: from now on other nodes count with this one.
        """
        settings = self.settings
        authority = _acme(settings)
        return Background(
            Chores(
                self.call,
                chores_table(
                    event_retention_days=settings.event_retention_days,
                    message_retention_days=settings.message_retention_days,
                    delivery_retention_days=settings.delivery_retention_days,
                ),
                holder=self.entropy.uuid(),
            ),
            self.message_worker(),
            webhooks=WebhookWorker(self.call, self.outgoing, tally=self.metrics.count_delivery),
            logs=self.log_worker(),
            imports=self.import_worker(),
            logout=LogoutWorker(self.call, self.outgoing),
            **({"limits": self._limit_sharing()} if self.limits.factor else {}),
            **({"acme": ACMEWorker(self.call, authority, _own_host(settings))} if authority else {}),
        )

    def _limit_sharing(self) -> LimitSharing:
        sharing = LimitSharing(self.call, self.limits, node=self.entropy.uuid())
        sharing.join()
        return sharing

    def message_worker(self) -> MessageWorker:
        """What sends messages, by the ways that the settings name."""
        settings = self.settings
        mail, sms = _mail(settings, self.clock), _sms(settings, self.clock)
        kms = _kms(settings, self.clock)
        return MessageWorker(self.call, mail=mail, sms=sms, mail_from=settings.mail_from, kms=kms)

    def import_worker(self) -> ImportWorker:
        """What works through the files of import jobs."""
        return ImportWorker(self.call, holder=self.entropy.uuid())

    def log_worker(self) -> LogWorker:
        """What delivers log records, to where the settings lead."""
        settings = self.settings
        return LogWorker(self.call, _log_services(settings, self.clock), _log_sink(settings))

    def close(self) -> None:
        """Wait for requests in flight, end the processes of handlers and give the database back."""
        self._lanes.close()
        self.triggers.close()
        self.outgoing.close()
        self.database.close()


def _acme(settings: Settings) -> Directory | None:
    if settings.acme_directory is None:
        return None
    # An order ends by the clock of the machine, whatever the house believes.
    return Directory(
        SystemClock(), settings.acme_directory, contact=settings.acme_contact, ca_file=settings.acme_ca_file
    )


def _own_host(settings: Settings) -> str | None:
    """The installation's own name, where it is one that a directory could look at."""
    host = urlsplit(settings.public_url).hostname or ""
    return host if settings.public_url.startswith("https:") and "." in host and not host[-1].isdigit() else None


def _domain_suffix(settings: Settings) -> str:
    """As configured; on a developer's machine `auth.localhost`, which browsers find by themselves."""
    if settings.domain_suffix is not None:
        return settings.domain_suffix
    return "auth.localhost" if urlsplit(settings.public_url).hostname in ("localhost", "127.0.0.1", "::1") else ""


def _carriers(settings: Settings, clock: Clock, entropy: Entropy) -> Carriers:
    """The ways to functions. Triggers of one pool may keep a quarter of the threads waiting, the others serve on."""
    return Carriers(
        {
            "lambda": lambda: AWSLambda(
                Outgoing(ANYWHERE),
                clock,
                endpoint=settings.lambda_endpoint,
                key=_access_key(settings),
            ),
            "url": lambda: Endpoints(Outgoing(settings.private_destinations), clock),
            "handler": lambda: Handlers(Runtimes(), processes=settings.handler_processes),
            "python": PythonFunctions,
        },
        entropy,
        waiting=max(1, settings.threads // 4),
    )


def _access_key(settings: Settings) -> AccessKey | None:
    """What signs all that goes to services of AWS."""
    if settings.aws_access_key_id is None or settings.aws_secret_access_key is None:
        return None
    return AccessKey(settings.aws_access_key_id, settings.aws_secret_access_key, settings.aws_session_token)


def _mail(settings: Settings, clock: Clock) -> Mail | None:
    ses = server = None
    if settings.ses_endpoint is not None:
        account = Account(settings.ses_endpoint, _access_key(settings))
        ses = SES(Outgoing(ANYWHERE), clock, account)
    if settings.smtp_url is not None:
        server = SMTPMail(settings.smtp_url, name=urlsplit(settings.public_url).hostname or "localhost")
    return MailByAccount(ses, server) if ses and server else ses or server


def _kms(settings: Settings, clock: Clock) -> KMS | None:
    if settings.kms_endpoint is None:
        return None
    return KMS(Outgoing(ANYWHERE), clock, endpoint=settings.kms_endpoint, key=_access_key(settings))


def _sms(settings: Settings, clock: Clock) -> TextMessages | None:
    sns = gateway = None
    if settings.sns_endpoint is not None:
        account = Account(settings.sns_endpoint, _access_key(settings))
        sns = SNS(Outgoing(ANYWHERE), clock, account, sender=settings.sms_from)
    if settings.sms_gateway_url is not None:
        gateway = HTTPGateway(
            settings.sms_gateway_url,
            form=settings.sms_gateway_form,
            sender=settings.sms_from,
            user=settings.sms_gateway_user,
            password=settings.sms_gateway_password,
        )
    return TextMessagesByAccount(sns, gateway) if sns and gateway else sns or gateway


def _log_services(settings: Settings, clock: Clock) -> dict[Service, LogSink]:
    endpoint = settings.log_delivery_endpoint
    if endpoint is None:
        return {}
    account = aws_logs.Account(_access_key(settings), settings.account_id)
    outgoing = Outgoing(ANYWHERE)
    return {kind.name: kind(outgoing, clock, account, endpoint) for kind in (CloudWatchLogs, S3, Firehose)}


def _log_sink(settings: Settings) -> LogSink | None:
    if settings.log_delivery_file is not None:
        return FileSink(Path(settings.log_delivery_file))
    if settings.log_delivery_url is not None:
        authorization = settings.log_delivery_authorization
        return HTTPSink(Outgoing(ANYWHERE), settings.log_delivery_url, authorization=authorization)
    return None
