"""Pools take turns: whatever one of them has written to all its people, the code of another leaves at once."""

import pytest
from tests.flows.post import Gateway, stored, write

from lido.flows.message_worker import MessageWorker
from lido.ports.mail import Undeliverable
from lido.storage import messages


@pytest.fixture
def mail():
    return Gateway()


@pytest.fixture
def worker(house, mail):
    return MessageWorker(house.call, mail=mail, sms=None, mail_from="no-reply@lido.example")


def write_many(house, pool_id, count, **options):
    return [write(house, pool_id, f"{number}@{pool_id}.example", **options) for number in range(count)]


def senders(house, mail):
    """The pools in the order in which their messages left."""
    return [stored(house, email.id).pool_id for email in mail.sent]


def test_a_crowd_of_one_pool_holds_up_no_code_of_another(house, worker, mail):
    crowded, quiet = house.pool(), house.pool()
    write_many(house, crowded, 60)
    write(house, quiet)
    worker.run_due()
    assert "alice@example.com" in [email.to for email in mail.sent]


def test_pools_that_have_much_to_send_send_equally_much(house, worker, mail):
    pools = [house.pool() for _ in range(3)]
    for pool_id in pools:
        write_many(house, pool_id, 30)
    for _ in range(4):
        worker.run_due()
    shares = [senders(house, mail).count(pool_id) for pool_id in pools]
    assert max(shares) - min(shares) <= 4
    assert sum(shares) == 80


def test_what_the_others_leave_of_a_turn_goes_to_the_one_that_has_more(house, worker, mail):
    pools = sorted(house.pool() for _ in range(3))
    for pool_id, count in zip(pools, (1, 1, 30), strict=True):
        write_many(house, pool_id, count)
    worker.run_due()
    assert len(mail.sent) == 20


def test_more_pools_than_a_turn_has_room_for_come_one_turn_after_the_other(house, worker, mail):
    pools = [house.pool() for _ in range(24)]
    for pool_id in pools:
        write_many(house, pool_id, 2)
    worker.run_due()
    worker.run_due()
    assert {*senders(house, mail)} == {*pools}


def test_codes_leave_before_the_invitations_of_their_own_pool(house, worker, mail):
    pool_id = house.pool(AutoVerifiedAttributes=["email"])
    app = house.app(pool_id)
    for number in range(25):
        house.idp.admin_create_user(
            UserPoolId=pool_id,
            Username=f"user{number}",
            DesiredDeliveryMediums=["EMAIL"],
            UserAttributes=[{"Name": "email", "Value": f"{number}@example.com"}],
        )
    house.idp_unsigned.sign_up(
        ClientId=app["ClientId"],
        Username="ada",
        Password="Passw0rd!",
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )
    worker.run_due()
    assert mail.sent[0].to == "ada@example.com"
    assert len(mail.sent) == 20
    while worker.run_due():
        pass
    assert len(mail.sent) == 26


def test_a_pool_whose_messages_wait_for_later_takes_no_turn(house, worker, mail):
    waiting, quiet = sorted((house.pool(), house.pool()))
    write(house, waiting, "same@example.com")
    mail.trouble = Undeliverable("later", transient=True)
    worker.run_due()
    mail.trouble = None
    write(house, waiting, "same@example.com")
    with house.database.read() as tx:
        assert messages.whose_turn(tx, house.clock.now(), medium="EMAIL", limit=20) == []
    write(house, quiet)
    with house.database.read() as tx:
        assert messages.whose_turn(tx, house.clock.now(), medium="EMAIL", limit=20) == [quiet]
