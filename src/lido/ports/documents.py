"""Documents that others publish about themselves: asked for when an operator configures something that names one."""

import threading

from lido import silence
from lido.ports import outgoing
from lido.ports.outgoing import Outgoing

_SECONDS = 5.0


class Unobtainable(Exception):
    """Nobody answers there, or not with a document. Why is not told: it would say what lies in private networks."""


class PublishedDocuments:
    """Safe to share between threads. At most `waiting` of them wait for addresses that others chose."""

    def __init__(self, out: Outgoing, *, waiting: int) -> None:
        self._outgoing = out
        self._waiting = threading.BoundedSemaphore(waiting)

    def fetch(self, url: str, *, accept: str, limit_bytes: int) -> bytes:
        """The document at that address, asked for now.

        Raises Unobtainable; RuntimeError while a transaction is open.
        """
        silence.refuse_if_open("Fetching a document")
        if not self._waiting.acquire(blocking=False):
            raise Unobtainable
        try:
            headers = {"accept": accept}
            answer = self._outgoing.post(url, b"", headers, seconds=_SECONDS, limit_bytes=limit_bytes, method="GET")
        except outgoing.TROUBLE:
            raise Unobtainable from None
        finally:
            self._waiting.release()
        if answer.status != 200:
            raise Unobtainable
        return answer.body
