"""Certificates that nobody has to fetch: asked for at an ACME directory as a domain appears, and again in time."""

import re
import threading
from collections.abc import Callable

import structlog

from lido.call import Call
from lido.flows import certificates, lasting_keys
from lido.ports.acme import PATIENCE_SECONDS, SEED_BYTES, Authority, NotIssued
from lido.rules.certificates import covers
from lido.rules.domains import host_of
from lido.storage import acme, domains
from lido.storage.certificates import Certificate

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,256}", re.ASCII)
_LOOK_MS = 5_000
_CLAIM_MS = 2 * PATIENCE_SECONDS * 1000
_FIRST_PAUSE_MS = 300_000
_LONGEST_PAUSE_MS = 86_400_000
_log = structlog.get_logger("lido.certificates")


class ACMEWorker:
    """Asks for what is missing. `own_host` is the installation's own name, if it wants a certificate too."""

    def __init__(self, new_call: Callable[[], Call], authority: Authority, own_host: str | None = None) -> None:
        self._new_call = new_call
        self._authority = authority
        self._own_host = own_host
        self._look_at = 0
        self._awake = threading.Event()
        self._stopping = False

    def stop(self) -> None:
        """Ask for nothing more after the certificate in hand."""
        self._stopping = True
        self._awake.set()

    def finish(self) -> None:
        """Nothing is in hand between two looks."""

    def wait(self, seconds: float) -> None:
        """Rest, at most that long."""
        self._awake.wait(seconds)

    def run_due(self) -> int:
        """Look which hosts lack a certificate, and ask for those that are due; how many came.

        Raises errors.Unavailable.
        """
        call = self._new_call()
        if call.now < self._look_at:
            return 0
        self._look_at = call.now + _LOOK_MS
        came = 0
        for host in _lacking(call, self._own_host):
            if not self._stopping and _claim(call, host):
                came += self._obtain(call, host)
        return came

    def _obtain(self, call: Call, host: str) -> int:
        def publish(token: str, answer: str) -> None:
            with call.db.write() as tx:
                acme.publish(tx, token, answer, now=call.clock.now(), expires_at=call.clock.now() + _CLAIM_MS)

        with call.db.write() as tx:
            account = lasting_keys.make(call.keys, call.entropy, tx, lasting_keys.ACME_ACCOUNT)
        try:
            issued = self._authority.obtain(
                host, account_seed=account, key_seed=call.entropy.bytes(SEED_BYTES), publish=publish
            )
            certificates.renew(self._new_call(), host, issued.chain, issued.key)
        except (NotIssued, ValueError) as trouble:
            _postpone(call, host, str(trouble))
            return 0
        with call.db.write() as tx:
            acme.settle(tx, host)
        _log.info("certificate obtained", host=host)
        return 1


def answer(call: Call, token: str) -> str | None:
    """What a directory is to find under a challenge's token; None for what nobody asked for.

    Raises errors.Unavailable.
    """
    if not _TOKEN.fullmatch(token):
        return None
    with call.db.read() as tx:
        return acme.answer(tx, token, call.now)


def _lacking(call: Call, own_host: str | None) -> list[str]:
    """Hosts that are ours and have no certificate, or only one that is near its end."""
    with call.db.read() as tx:
        reached_at = [each for each in domains.every(tx) if each.custom or call.house.announces_prefixes]
    hosts = [own_host, *(host_of(each.domain, call.house.domain_suffix) for each in reached_at)]
    good = [each for each in certificates.every(call) if not _ends_soon(each, call.now)]
    return [host for host in hosts if host and not any(covers(each.names, host) for each in good)]


def _ends_soon(certificate: Certificate, now: int) -> bool:
    """With less than a third of its life left; what operators added is theirs to renew until it has ended."""
    life = certificate.not_after - certificate.created_at
    return certificate.not_after - now < (life // 3 if certificate.source == "acme" else 0)


def _claim(call: Call, host: str) -> bool:
    with call.db.write() as tx:
        return acme.claim(tx, host, call.now, until=call.now + _CLAIM_MS)


def _postpone(call: Call, host: str, reason: str) -> None:
    """5 minutes, doubled by each failure up to a day: directories count failures, and lock out who has many."""
    now = call.clock.now()
    with call.db.write() as tx:
        tries = acme.tries(tx, host)
        pause = min(_FIRST_PAUSE_MS << min(tries - 1, 20), _LONGEST_PAUSE_MS)
        acme.postpone(tx, host, now + pause)
    _log.warning("no certificate", host=host, reason=reason, tries=tries)
