"""Who gets which message: the sender or a gateway, once, in turn, and nobody that hangs holds up another."""

import threading

from tests.flows.post import Gateway
from tests.triggers.conftest import ARN, Triggered, raising, unchanged
from tests.triggers.senders.conftest import EMAIL, PHONE, with_sms

from lido.flows.message_worker import MessageWorker
from lido.flows.sender_queues import AT_ONCE, OF_ONE_POOL
from lido.storage import messages


def test_custom_message_is_not_asked_where_a_sender_is_named(sending):
    people = sending(CustomMessage=unchanged, CustomEmailSender=unchanged)

    people.sign_up()
    people.post()

    assert people.sources() == ["CustomEmailSender_SignUp"]


def test_the_other_medium_goes_by_its_gateway(sending, world):
    people = sending(CustomSMSSender=unchanged)
    mail = Gateway()
    people.worker = MessageWorker(world.call, mail=mail, sms=None, mail_from="no-reply@lido.example")

    people.sign_up()

    assert people.post() == []
    assert [email.to for email in mail.sent] == [EMAIL]


def test_no_gateway_gets_what_a_pool_sends_itself(sending, world):
    people = sending(CustomEmailSender=raising("not now"))
    mail = Gateway()
    people.worker = MessageWorker(world.call, mail=mail, sms=None, mail_from="no-reply@lido.example")

    people.sign_up()
    people.post()

    assert mail.sent == []
    assert people.stored()[0].state == messages.WAITING


def test_a_sender_that_is_named_later_gets_what_still_waits(sending, world, functions, key):
    people = sending(CustomSMSSender=unchanged)
    people.sign_up()
    functions["late"] = unchanged
    late = {"LambdaArn": ARN.format("late"), "LambdaVersion": "V1_0"}
    world.idp.update_user_pool(
        UserPoolId=people.pool_id,
        AutoVerifiedAttributes=["email"],
        LambdaConfig={"CustomEmailSender": late, "KMSKeyID": key},
    )

    assert [event["triggerSource"] for event in people.post()] == ["CustomEmailSender_SignUp"]


def test_two_nodes_hand_a_message_over_once(sending, world):
    people = sending()
    others = world.lido.message_worker()
    people.sign_up()

    people.worker.run_due()
    others.run_due()
    people.worker.finish()
    others.finish()

    assert len(people.told) == 1


def test_who_was_deleted_is_sent_nothing(sending):
    people = sending()
    people.sign_up()
    people.house.idp.admin_delete_user(UserPoolId=people.pool_id, Username="alice")

    assert people.post() == []
    assert people.stored()[0].state == messages.GIVEN_UP


def test_a_slow_sender_rests_three_times_as_long_and_then_goes_on(sending, world):
    def slowly(event):
        world.clock.advance(seconds=4)
        return event

    people = sending(CustomEmailSender=slowly)
    for number in range(12):
        people.sign_up(f"u{number}", UserAttributes=[{"Name": "email", "Value": f"u{number}@example.com"}])

    first = len(people.post())
    world.clock.advance(seconds=11)
    resting = len(people.post())
    world.clock.advance(minutes=2)

    assert first == resting < 12
    assert len(people.post()) > first
    assert {message.attempts for message in people.stored() if message.state == messages.WAITING} <= {0}


def test_senders_that_hang_hold_up_no_mail_and_no_other_pool(sending, world):
    release, begun = threading.Event(), threading.Semaphore(0)

    def hanging(event):
        begun.release()
        release.wait(20)
        return event

    people = sending(CustomEmailSender=hanging)
    other = Triggered(world, people.functions, pool={"AutoVerifiedAttributes": ["email"]}, app={})
    third = sending(CustomSMSSender=unchanged, pool=with_sms(AutoVerifiedAttributes=["phone_number"]))
    mail = Gateway()
    worker = MessageWorker(world.call, mail=mail, sms=None, mail_from="no-reply@lido.example", kms=people.worker._kms)
    for number in range(AT_ONCE + 2):
        people.sign_up(f"u{number}", UserAttributes=[{"Name": "email", "Value": f"u{number}@example.com"}])
    worker.run_due()
    other.sign_up()
    third.sign_up(UserAttributes=[{"Name": "phone_number", "Value": PHONE}])

    for _ in range(OF_ONE_POOL):
        assert begun.acquire(timeout=10)
    while worker.run_due():
        pass

    assert [email.to for email in mail.sent] == [EMAIL]
    assert not begun.acquire(blocking=False)
    for _ in range(200):
        if "CustomSMSSender_SignUp" in people.sources():
            break
        threading.Event().wait(0.05)
    assert "CustomSMSSender_SignUp" in people.sources()
    release.set()
    worker.finish()


def test_a_stopped_worker_gives_back_what_it_did_not_hand_over(sending, world):
    people = sending()
    people.sign_up()
    people.worker.stop()

    people.worker.run_due()
    people.worker.finish()

    (message,) = people.stored()
    assert (people.told, message.state, message.leased_until, message.attempts) == ([], messages.WAITING, 0, 0)
