"""Measuring one row of the table: slices of load and slices of what it is compared with, in turn."""

import statistics
from typing import NamedTuple, Protocol

from tests.bench import bare, gauges
from tests.bench.stand import Say, Stand


class Yardstick(Protocol):
    """What a row is compared with."""

    says: str

    def cpu_seconds(self, seconds: float) -> float:
        """Processor time of one, from doing it for so long."""
        ...


class Operation(NamedTuple):
    """A row of the table. The ratio is bare ÷ ours, `inverse` ours ÷ bare; `target` is SQLite's.

    On PostgreSQL the server may take `postgresql_factor` times as much as on SQLite.
    """

    name: str
    workload: str
    connections: int
    yardstick: Yardstick | None = None
    target: float | None = None
    inverse: bool = False
    postgresql_factor: float | None = None


class Row(NamedTuple):
    """What was measured; times are in microseconds, waits in milliseconds, memory in MiB."""

    engine: str
    operation: str
    users: int
    requests: int
    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    database_cpu_us: float
    load_share: float
    peak_mib: float
    yardstick: str
    bare_us: float
    ratio: float
    inverse: bool
    target: float | None
    postgresql_factor: float | None


def operations(hello: bare.Hello) -> list[Operation]:
    """The rows, in the order of the table."""
    return [
        Operation("InitiateAuth, password", "password", 8, bare.PASSWORD_SIGN_IN, 0.90, postgresql_factor=2),
        Operation("SRP sign-in, both calls", "srp", 16, bare.SRP_SIGN_IN, 0.60, postgresql_factor=2),
        Operation("InitiateAuth, refresh", "refresh", 16, bare.REFRESH, 0.55, postgresql_factor=2),
        Operation("SRP with device, four calls", "device", 16, bare.DEVICE_SIGN_IN),
        Operation("Password and TOTP, two calls", "totp", 8, bare.TOTP_SIGN_IN),
        Operation("Passkey sign-in, two calls", "passkey", 16, bare.PASSKEY_SIGN_IN),
        Operation("E-mail code sign-in, two calls", "email_code", 16, bare.CODE_SIGN_IN),
        Operation("GetUser", "get_user", 16, hello, 8.0, inverse=True, postgresql_factor=3),
        Operation("AdminGetUser", "admin_get_user", 16, hello, inverse=True),
        Operation("ListUsers, 60 a page", "list_users", 16),
        Operation("jwks.json", "jwks", 16, hello, inverse=True),
        Operation("SignUp", "sign_up", 8, bare.SIGN_UP),
        Operation("Authorize and sign-in page", "authorize_page", 16, hello, inverse=True),
        Operation("Sign-in page, password to code", "password_to_code", 8, bare.PASSWORD_TO_CODE),
        Operation("Authorize, code to tokens", "code_to_tokens", 16, bare.REFRESH),
        Operation("Client credentials", "client_credentials", 16, bare.CLIENT_CREDENTIALS, 0.50),
        Operation("Refresh at the token endpoint", "oauth_refresh", 16, bare.REFRESH, 0.55),
        Operation("userInfo", "user_info", 16, hello, inverse=True),
        Operation("Introspection", "introspection", 16, hello, inverse=True),
    ]


def measure(stand: Stand, operation: Operation, *, rounds: int, seconds: float, say: Say) -> Row:
    """The row of that operation, after a moment of warming up."""
    pid, yardstick = stand.server_pid, operation.yardstick
    stand.load.drive(operation.workload, operation.connections, min(0.5, seconds))
    if isinstance(yardstick, bare.Hello):
        yardstick.under(stand.load)
    gauges.forget_peak(pid)
    waits: list[float] = []
    took = cpu = database_cpu = load_cpu = 0.0
    bares: list[float] = []
    load_pid = stand.load.process.pid or 0
    for _ in range(rounds):
        if yardstick is not None:
            bares.append(yardstick.cpu_seconds(seconds / 3))
        before = gauges.cpu_seconds(pid), stand.database_cpu_seconds(), gauges.cpu_seconds(load_pid)
        driven = stand.load.drive(operation.workload, operation.connections, seconds)
        cpu += gauges.cpu_seconds(pid) - before[0]
        database_cpu += stand.database_cpu_seconds() - before[1]
        load_cpu += gauges.cpu_seconds(load_pid) - before[2]
        waits += driven.waits
        took += driven.seconds
    each, bare_each = cpu / len(waits), statistics.fmean(bares) if bares else 0.0
    ratio = 0.0 if not bares else each / bare_each if operation.inverse else bare_each / each
    centiles = statistics.quantiles(waits, n=100)
    row = Row(
        engine=stand.engine,
        operation=operation.name,
        users=stand.crowd.count,
        requests=len(waits),
        rate=len(waits) / took,
        p50_ms=centiles[49] * 1e3,
        p99_ms=centiles[98] * 1e3,
        cpu_us=each * 1e6,
        database_cpu_us=database_cpu / len(waits) * 1e6,
        load_share=load_cpu / took,
        peak_mib=gauges.peak_memory_mib(pid),
        yardstick=yardstick.says if yardstick else "",
        bare_us=bare_each * 1e6,
        ratio=ratio,
        inverse=operation.inverse,
        target=operation.target,
        postgresql_factor=operation.postgresql_factor,
    )
    compared = f", ratio {row.ratio:.2f}" if row.ratio else ""
    say(f"{row.engine}: {row.operation}: {row.rate:,.0f}/s, {row.cpu_us:,.0f} us of CPU{compared}")
    return row
