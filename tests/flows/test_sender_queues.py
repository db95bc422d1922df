"""The threads of custom senders: every pool has its turn, and nobody has them all."""

import threading

import pytest
from structlog.testing import capture_logs

from lido.flows.sender_queues import AT_ONCE, OF_ONE_POOL, SenderQueues
from lido.records import Message


def message(pool, number=0, medium="EMAIL"):
    return Message(pool, f"{pool}{number}", "s", medium, "r", b"", 0, 1, 0, 60_000, 90_000, None, None)


class House:
    """What the queues know of the outside; `send` waits at the gate while it is closed."""

    def __init__(self):
        self.now = 1_000
        self.sent, self.back, self.wakes = [], [], 0
        self.most, self._busy = 0, 0
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()
        self.arrived = threading.Semaphore(0)
        self.queues = SenderQueues(self.send, self.back.extend, self.wake, lambda: self.now)

    def send(self, message):
        with self._lock:
            self.sent.append(message.id)
            self._busy += 1
            self.most = max(self.most, self._busy)
        self.arrived.release()
        self.gate.wait(10)
        with self._lock:
            self._busy -= 1

    def wake(self):
        self.wakes += 1

    def wait_for(self, count):
        for _ in range(count):
            assert self.arrived.acquire(timeout=10)


@pytest.fixture
def house():
    return House()


def test_everything_is_sent(house):
    house.queues.add([message("a", number) for number in range(20)])
    house.queues.finish()

    assert sorted(house.sent) == sorted(f"a{number}" for number in range(20))
    assert house.queues.closed() == []
    assert house.wakes >= 1


def test_one_sender_takes_few_threads_and_is_given_nothing_more(house):
    house.gate.clear()
    house.queues.add([message("a", number) for number in range(20)])
    house.wait_for(OF_ONE_POOL)

    assert house.queues.closed() == [("a", "EMAIL")]
    house.queues.add([message("b")])
    house.wait_for(1)
    assert house.sent[-1] == "b0"
    house.gate.set()
    house.queues.finish()
    assert house.most == OF_ONE_POOL + 1


def test_many_senders_share_all_threads_in_turns(house):
    house.gate.clear()
    pools = [f"p{number}" for number in range(AT_ONCE + 4)]
    house.queues.add([message(pool, number) for pool in pools for number in range(3)])
    house.wait_for(AT_ONCE)
    house.gate.set()
    house.queues.finish()

    assert house.most == AT_ONCE
    assert len(house.sent) == 3 * len(pools)
    # Nobody's third message leaves before everybody's first.
    firsts = max(house.sent.index(f"{pool}0") for pool in pools)
    assert firsts < min(house.sent.index(f"{pool}2") for pool in pools) + AT_ONCE


def test_media_of_one_pool_wait_apart(house):
    house.gate.clear()
    house.queues.add([message("a", number) for number in range(5)])
    house.wait_for(OF_ONE_POOL)
    house.queues.add([message("a", medium="SMS")])
    house.wait_for(1)
    house.gate.set()
    house.queues.finish()


def test_a_slow_sender_gives_back_what_waits_and_rests(house):
    def slowly(sent):
        house.sent.append(sent.id)
        house.now += 5_000

    queues = SenderQueues(slowly, house.back.extend, house.wake, lambda: house.now)
    queues.add([message("a", number) for number in range(10)])
    queues.finish()

    assert len(house.sent) + len(house.back) == 10
    assert len(house.sent) <= 2 * OF_ONE_POOL
    assert queues.closed() == [("a", "EMAIL")]
    house.now += 30_001
    assert queues.closed() == []


def test_an_error_ends_one_message_and_not_the_thread(house):
    def failing(sent):
        house.sent.append(sent.id)
        raise ValueError(sent.id)

    queues = SenderQueues(failing, house.back.extend, house.wake, lambda: house.now)
    with capture_logs() as logs:
        queues.add([message("a", number) for number in range(3)])
        queues.finish()

    assert sorted(house.sent) == ["a0", "a1", "a2"]
    assert len(logs) == 3


def test_what_is_not_begun_at_a_stop_is_given_back(house):
    house.gate.clear()
    house.queues.add([message("a", number) for number in range(5)])
    house.wait_for(OF_ONE_POOL)
    house.queues.stop()
    house.gate.set()
    house.queues.finish()

    assert len(house.sent) == OF_ONE_POOL
    assert len(house.back) == 5 - OF_ONE_POOL
