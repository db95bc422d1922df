"""A mail server that is down for an hour: everything leaves afterwards, in order for each recipient, expired codes do
not.
"""

import pytest
from tests.flows.post import Gateway, stored, write

from lido.flows.message_worker import MessageWorker
from lido.ports.mail import Undeliverable
from lido.storage import messages

HOUR = 3600
DOWN = Undeliverable("ConnectionRefusedError", transient=True, unreachable=True)


@pytest.fixture
def mail():
    return Gateway()


@pytest.fixture
def worker(house, mail):
    return MessageWorker(house.call, mail=mail, sms=None, mail_from="no-reply@lido.example")


@pytest.fixture
def chores(house):
    background = house.lido.background()
    return background._chores


@pytest.fixture
def pool_id(house):
    return house.pool()


def work(worker):
    while worker.run_due():
        pass


def test_after_an_hour_everything_leaves_in_order_but_expired_codes(house, worker, mail, chores, pool_id):
    began = house.clock.now()
    mail.trouble = DOWN
    written = []
    house.clock.advance(seconds=30)
    for minute in range(60):
        lives = (150, HOUR, 24 * HOUR)[minute % 3]
        to = f"{'abcd'[minute % 4]}@example.com"
        written.append((to, write(house, pool_id, to, text=str(minute), expires_in_seconds=lives), minute))
        for _ in range(6):
            work(worker)
            house.clock.advance(seconds=10)
        chores.run_due()
    assert mail.sent == []
    assert house.clock.now() - began > HOUR * 1000
    ended = house.clock.now()
    worth_sending = {
        to: [
            str(minute) for each, message_id, minute in written if each == to and expires_at(house, message_id) > ended
        ]
        for to in sorted({to for to, *_ in written})
    }

    mail.trouble = None
    write(house, pool_id, "new@example.com", text="new")
    while house.clock.now() < ended + 60_000:
        work(worker)
        house.clock.advance(seconds=1)
    chores.run_due()

    left = {to: [email.text for email in mail.sent if email.to == to] for to in worth_sending}
    assert left == worth_sending
    assert sum(map(len, left.values())) > 20
    assert all(stored(house, message_id).state != messages.WAITING for _, message_id, _ in written)
    assert {stored(house, message_id).state for _, message_id, _ in written} == {messages.SENT, messages.GIVEN_UP}


def expires_at(house, message_id):
    return stored(house, message_id).expires_at


@pytest.mark.parametrize("lives", [600, 1800, HOUR, 2 * HOUR])
def test_what_is_still_worth_something_when_the_server_is_back_arrives_in_time(house, worker, mail, pool_id, lives):
    mail.trouble = DOWN
    message_id = write(house, pool_id, expires_in_seconds=lives)
    expires_at = stored(house, message_id).expires_at
    while house.clock.now() < expires_at - 30_000:
        work(worker)
        house.clock.advance(seconds=5)
    mail.trouble = None
    while house.clock.now() < expires_at:
        work(worker)
        house.clock.advance(seconds=1)
    assert stored(house, message_id).state == messages.SENT


def test_a_server_that_is_back_gets_what_waited_at_once(house, worker, mail, pool_id):
    mail.trouble = DOWN
    waiting = [write(house, pool_id, f"{name}@example.com") for name in "abc"]
    for _ in range(10):
        work(worker)
        house.clock.advance(hours=1)
    work(worker)
    mail.trouble = None
    house.clock.advance(seconds=1)
    write(house, pool_id, "new@example.com")
    work(worker)
    assert [stored(house, message_id).state for message_id in waiting] == [messages.SENT] * 3


def test_a_busy_mailbox_is_not_asked_sooner_because_others_were_reached(house, worker, mail, pool_id):
    mail.trouble = Undeliverable("recipient refused: 450", transient=True)
    busy = write(house, pool_id, "busy@example.com")
    for _ in range(10):
        work(worker)
        house.clock.advance(hours=1)
    work(worker)
    next_at = stored(house, busy).next_at
    mail.trouble = None
    write(house, pool_id, "new@example.com")
    work(worker)
    assert stored(house, busy).next_at == next_at > house.clock.now()


REFUSED = Undeliverable("SES was not reached: Unreachable", transient=True, unreachable=True)
OWN = {
    "EmailSendingAccount": "DEVELOPER",
    "SourceArn": "arn:aws:ses:us-west-2:123456789012:identity/pool.example",
    "From": "Pool <hello@pool.example>",
}


class Switch(Gateway):
    """Refuses what `troubles` names by recipient; remembers every try."""

    def __init__(self):
        super().__init__()
        self.troubles = {}
        self.tried = []

    def send(self, message):
        self.tried.append(message.to)
        self.trouble = self.troubles.get(message.to)
        super().send(message)


@pytest.fixture
def switch():
    return Switch()


def test_what_waits_for_another_reason_keeps_its_patience_when_a_server_is_back(house, switch, pool_id):
    worker = MessageWorker(house.call, mail=switch, sms=None, mail_from="no-reply@lido.example")
    switch.troubles = {"grey@example.com": Undeliverable("recipient refused: 450", transient=True)}
    grey = write(house, pool_id, "grey@example.com")
    work(worker)
    for number in range(3):
        switch.troubles[f"{number}@example.com"] = DOWN
        write(house, pool_id, f"{number}@example.com")
    work(worker)
    switch.troubles = {"grey@example.com": switch.troubles["grey@example.com"]}
    write(house, pool_id, "new@example.com")
    work(worker)
    assert sorted(email.to for email in switch.sent) == [
        "0@example.com", "1@example.com", "2@example.com", "new@example.com"
    ]  # fmt: skip
    assert stored(house, grey).attempts == 1


def test_a_way_that_leads_nowhere_is_not_tried_again_with_each_message_that_another_way_takes(house, switch, pool_id):
    worker = MessageWorker(house.call, mail=switch, sms=None, mail_from="no-reply@lido.example")
    lost = house.pool(EmailConfiguration=OWN)
    ids = [write(house, lost, f"lost{number}@example.com") for number in range(3)]
    switch.troubles = {f"lost{number}@example.com": REFUSED for number in range(3)}
    for number in range(20):
        write(house, pool_id, f"{number}@example.com")
        work(worker)
    assert len(switch.sent) == 20
    assert [stored(house, message_id).attempts for message_id in ids] == [1, 1, 1]


def test_one_message_that_a_server_hangs_up_on_is_tried_with_patience(house, switch, pool_id):
    worker = MessageWorker(house.call, mail=switch, sms=None, mail_from="no-reply@lido.example")
    switch.troubles = {"poison@example.com": DOWN}
    poison = write(house, pool_id, "poison@example.com")
    for number in range(20):
        write(house, pool_id, f"{number}@example.com")
        work(worker)
    assert len(switch.sent) == 20
    assert stored(house, poison).attempts == 1


def test_a_mail_server_that_never_answers_is_asked_a_few_times_and_holds_up_no_text_message(house, switch, pool_id):
    class Slow(Switch):
        def send(self, message):
            house.clock.advance(seconds=10)
            super().send(message)

    mail, sms = Slow(), Gateway()
    worker = MessageWorker(house.call, mail=mail, sms=sms, mail_from="no-reply@lido.example")
    for number in range(100):
        mail.troubles[f"{number}@example.com"] = DOWN
        write(house, pool_id, f"{number}@example.com")
    text = write(house, pool_id, "+491701234567", medium="SMS")
    began = house.clock.now()
    worker.run_due()
    assert [message.to for message in sms.sent] == ["+491701234567"]
    assert stored(house, text).state == messages.SENT
    assert house.clock.now() - began <= 20_000
    assert len(mail.tried) == 2
    tried = len(mail.tried)
    worker.run_due()
    assert len(mail.tried) == tried + 1
