"""Delivering notices of logout: a logout token posted to each app, made anew for each try, tried again with patience.

One client is served by one thread at a time; whoever does not answer keeps nobody else waiting.
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import urlencode

import structlog
from msgspec import Struct

from lido.call import Call
from lido.flows import access, signing
from lido.flows.serving_worker import ServingWorker
from lido.flows.webhook_worker import MOST_ATTEMPTS, pause_ms
from lido.flows.webhooks import describe
from lido.ports import outgoing
from lido.records import Client, Pool
from lido.rules import jwt, logout_tokens
from lido.storage import clients, logout_notices, pools
from lido.storage.logout_notices import Notice

POST_SECONDS = 10.0

_LEASE_MS = 60_000
# Begun within so much, a batch ends within the lease.
_BATCH_MS = 20_000
_NOTICES_AT_ONCE = 50
_LOOKED_AT = 500
_CLIENTS_AT_ONCE = 16
_LONGEST_ANSWER = 64 * 1024
_HEADERS = {"content-type": "application/x-www-form-urlencoded", "user-agent": "Lido"}
_log = structlog.get_logger("lido.logout")


class _Failure(Struct, frozen=True):
    """Why a try failed; `is_silence`: the next would fail alike."""

    reason: str
    is_silence: bool = False


class LogoutWorker(ServingWorker):
    """Delivers what is due."""

    def __init__(self, new_call: Callable[[], Call], out: outgoing.Outgoing) -> None:
        super().__init__("logout", _CLIENTS_AT_ONCE)
        self._new_call = new_call
        self._out = out

    def run_due(self) -> int:
        """Begin to serve clients that something is due for; how many. Raises errors.Unavailable."""
        call = self._new_call()
        self.forget_served()
        with call.db.read() as tx:
            due = logout_notices.receivers_due(tx, call.now, _LOOKED_AT)
        waiting = [named for named in due if named not in self.in_hand]
        begun = [] if self.is_stopping else waiting[: _CLIENTS_AT_ONCE - len(self.in_hand)]
        for named in begun:
            self.begin(named, partial(self._serve_batch, *named))
        return len(begun)

    def _serve_batch(self, pool_id: str, client_id: str) -> None:
        call = self._new_call()
        until = call.now + _LEASE_MS
        with call.db.write(durable=False) as tx:
            taken = logout_notices.take(tx, pool_id, client_id, call.now, until=until, limit=_NOTICES_AT_ONCE)
        silence: _Failure | None = None
        for notice in taken:
            if self.is_stopping or call.clock.now() - call.now > _BATCH_MS:
                self._give_back(call, notice)
                continue
            failure = silence or self._post(call, notice)
            if failure is not None and failure.is_silence:
                silence = failure  # one is enough for all that would follow
            self._settle(call, notice, failure)

    def _post(self, call: Call, notice: Notice) -> "_Failure | None":
        """Why the app has not taken it; None where it has, or is none any more."""
        with call.db.read() as tx:
            pool = pools.find(tx, notice.pool_id)
            client = clients.find(tx, notice.pool_id, notice.client_id) if pool else None
            ring = signing.ring(call, tx, pool) if pool else None
        address = client and logout_tokens.address(client, logout_tokens.BACK)
        if pool is None or client is None or ring is None or not address:
            return None
        token = _token(call, pool, client, notice, ring.signing["id"])
        body = urlencode({"logout_token": token}).encode()
        try:
            answer = self._out.post(address, body, _HEADERS, seconds=POST_SECONDS, limit_bytes=_LONGEST_ANSWER)
        except outgoing.TROUBLE as refusal:
            return _Failure(describe(refusal), is_silence=True)
        return None if 200 <= answer.status < 300 else _Failure(f"HTTP {answer.status}")

    def _settle(self, call: Call, notice: Notice, failure: "_Failure | None") -> None:
        is_last = notice.attempts + 1 >= MOST_ATTEMPTS
        with call.db.write(durable=False) as tx:
            if failure is None or is_last:
                logout_notices.remove(tx, notice)
            else:
                next_at = call.clock.now() + pause_ms(call, notice.attempts)
                logout_notices.postpone(tx, notice, next_at=next_at, failed=True)
        if failure is not None:
            _log.warning(
                "logout not delivered",
                pool_id=notice.pool_id,
                client_id=notice.client_id,
                reason=failure.reason,
                given_up=is_last,
            )

    def _give_back(self, call: Call, notice: Notice) -> None:
        with call.db.write(durable=False) as tx:
            logout_notices.postpone(tx, notice, next_at=call.clock.now(), failed=False)


def _token(call: Call, pool: Pool, client: Client, notice: Notice, key: jwt.SigningKey) -> str:
    claims = logout_tokens.claims(
        iss=access.issuer(call, pool),
        client_id=client.client_id,
        sub=notice.sub,
        sso_id=notice.sso_id,
        jti=call.entropy.uuid(),
        iat=call.clock.now() // 1000,
    )
    return jwt.sign(claims, key, typ=logout_tokens.TYPE)
