import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lido.errors import TooManyRequests
from lido.flows.hashing import GatedHashing
from lido.rules.passwords import Hasher

CHEAP = Hasher(time_cost=1, memory_kib=8)


class Held(Hasher):
    """Hashes only when it is let go, and remembers how many it was asked for at once."""

    def __init__(self):
        super().__init__(time_cost=1, memory_kib=8)
        self.let_go = threading.Event()
        self.begun = threading.Semaphore(0)
        self.inside = self.most = 0

    def verify(self, phc, password):
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.begun.release()
        self.let_go.wait(10)
        self.inside -= 1
        return True


def test_what_was_hashed_is_verified():
    hashing = GatedHashing(CHEAP)
    phc = hashing.hash("Passw0rd!", bytes(16))

    assert hashing.verify(phc, "Passw0rd!")
    assert not hashing.verify(phc, "Passw0rd?")


def test_no_more_than_the_width_hash_at_once():
    held = Held()
    hashing = GatedHashing(held, width=2)
    with ThreadPoolExecutor(6) as threads:
        answers = [threads.submit(hashing.verify, "", "") for _ in range(6)]
        held.begun.acquire()
        held.begun.acquire()
        held.let_go.set()
        assert all(answer.result() for answer in answers)

    assert held.most == 2


def test_a_full_queue_refuses_at_once():
    held = Held()
    hashing = GatedHashing(held, width=1, queue=0)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(hashing.verify, "", "")
        held.begun.acquire()
        with pytest.raises(TooManyRequests):
            hashing.verify("", "")
        held.let_go.set()
        assert answer.result()
        assert hashing.verify("", "")


def test_who_waited_too_long_is_refused_and_never_hashed():
    held = Held()
    hashing = GatedHashing(held, width=1, queue=5, patience_seconds=0.01)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(hashing.verify, "", "")
        held.begun.acquire()
        with pytest.raises(TooManyRequests):
            hashing.verify("", "")
        held.let_go.set()
        assert answer.result()
    assert not held.begun.acquire(timeout=0.05)
