import pytest
from structlog.testing import capture_logs
from tests.flows.post import Gateway, stored, write

from lido.flows.message_worker import MOST_ATTEMPTS, MessageWorker
from lido.ports.mail import Undeliverable
from lido.storage import messages


@pytest.fixture
def mail():
    return Gateway()


@pytest.fixture
def sms():
    return Gateway()


@pytest.fixture
def worker(house, mail, sms):
    return MessageWorker(house.call, mail=mail, sms=sms, mail_from="no-reply@lido.example")


@pytest.fixture
def pool_id(house):
    return house.pool()


def test_a_message_leaves_by_the_gateway_of_its_medium(house, worker, mail, sms, pool_id):
    first = write(house, pool_id)
    write(house, pool_id, "+491701234567", medium="SMS")
    assert worker.run_due() == 2
    [email], [text] = mail.sent, sms.sent
    assert (email.id, email.to, email.sender) == (first, "alice@example.com", "no-reply@lido.example")
    assert (email.subject, email.text, email.html) == ("Your code", "Code: 1234", "<p>Code: 1234</p>")
    assert (text.to, text.text) == ("+491701234567", "Code: 1234")
    assert (stored(house, first).state, stored(house, first).sent_at) == (messages.SENT, house.clock.now())
    assert worker.run_due() == 0


def test_the_pool_names_the_sender(house, worker, mail):
    pool_id = house.pool(
        EmailConfiguration={
            "EmailSendingAccount": "DEVELOPER",
            "SourceArn": "arn:aws:ses:us-east-1:000000000000:identity/pool.example",
            "From": "The Pool <hello@pool.example>",
            "ReplyToEmailAddress": "help@pool.example",
        }
    )
    write(house, pool_id)
    worker.run_due()
    assert (mail.sent[0].sender, mail.sent[0].reply_to) == ("The Pool <hello@pool.example>", "help@pool.example")


def test_a_pool_with_an_identity_of_its_own_names_it_and_where_it_is(house, worker, mail):
    arn = "arn:aws:ses:us-west-2:000000000000:identity/help@pool.example"
    configuration = {"EmailSendingAccount": "DEVELOPER", "SourceArn": arn, "ConfigurationSet": "ours"}
    write(house, house.pool(EmailConfiguration=configuration))
    worker.run_due()
    [email] = mail.sent
    assert (email.identity_arn, email.configuration_set, email.region) == (arn, "ours", "us-west-2")
    assert email.sender == "help@pool.example"


def test_a_pool_without_an_identity_is_sent_for_from_its_own_region(house, worker, mail, sms, pool_id):
    write(house, pool_id)
    write(house, pool_id, "+491701234567", medium="SMS")
    worker.run_due()
    [email], [text] = mail.sent, sms.sent
    assert (email.identity_arn, email.configuration_set, email.region) == ("", "", "us-east-1")
    assert (text.has_account, text.region) == (False, "us-east-1")


def test_a_pool_with_an_account_of_sns_names_its_region(house, worker, sms):
    role = "arn:aws:iam::000000000000:role/sns"
    pool_id = house.pool(SmsConfiguration={"SnsCallerArn": role, "ExternalId": "x", "SnsRegion": "us-east-1"})
    write(house, pool_id, "+491701234567", medium="SMS")
    worker.run_due()
    assert (sms.sent[0].has_account, sms.sent[0].region) == (True, "us-east-1")


def test_a_connection_that_nothing_goes_over_is_given_back_after_a_minute(house, worker, mail, pool_id):
    write(house, pool_id)
    worker.run_due()
    house.clock.advance(seconds=60)
    worker.run_due()
    assert mail.closings == 0
    house.clock.advance(seconds=1)
    for _ in range(3):
        worker.run_due()
    assert mail.closings == 1


def test_a_recipient_gets_messages_in_order(house, worker, mail, pool_id):
    for number in range(3):
        write(house, pool_id, text=str(number))
    while worker.run_due():
        pass
    assert [email.text for email in mail.sent] == ["0", "1", "2"]


def test_without_a_gateway_a_message_is_kept_at_once(house, mail, pool_id):
    worker = MessageWorker(house.call, mail=mail, sms=None, mail_from="no-reply@lido.example")
    kept = write(house, pool_id, "+491701234567", medium="SMS")
    sent = write(house, pool_id)
    assert worker.run_due() == 2
    assert stored(house, kept).state == messages.KEPT
    assert stored(house, sent).state == messages.SENT
    assert worker.run_due() == 0


def test_a_failed_message_is_kept_and_tried_again_ever_more_patiently(house, worker, mail, pool_id):
    message_id = write(house, pool_id)
    mail.trouble = Undeliverable("SMTPServerDisconnected", transient=True)
    pauses = []
    for _ in range(12):
        assert worker.run_due() == 1
        waits = stored(house, message_id)
        assert (waits.state, waits.last_error) == (messages.WAITING, "SMTPServerDisconnected")
        pauses.append((waits.next_at - house.clock.now()) / 1000)
        house.clock.advance(seconds=pauses[-1] - 0.001)
        assert worker.run_due() == 0
        house.clock.advance(seconds=0.001)
    expected = [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert all(least <= pause <= least * 1.25 for least, pause in zip(expected, pauses, strict=True))
    mail.trouble = None
    worker.run_due()
    assert stored(house, message_id).state == messages.SENT


def test_a_message_that_nobody_will_ever_take_is_given_up(house, worker, mail, pool_id):
    message_id = write(house, pool_id)
    mail.trouble = Undeliverable("recipient refused: 550", transient=False)
    worker.run_due()
    given_up = stored(house, message_id)
    assert (given_up.state, given_up.last_error) == (messages.GIVEN_UP, "recipient refused: 550")


def test_a_message_is_tried_ever_sooner_before_its_code_is_worth_nothing_and_then_given_up(
    house, worker, mail, pool_id
):
    message_id = write(house, pool_id, expires_in_seconds=24)
    mail.trouble = Undeliverable("later", transient=True)
    worker.run_due()
    assert 5 <= (stored(house, message_id).next_at - house.clock.now()) / 1000 <= 6.25
    house.clock.advance(seconds=7)
    worker.run_due()
    assert (stored(house, message_id).next_at - house.clock.now()) / 1000 == pytest.approx(8.5, abs=0.1)
    house.clock.advance(seconds=8.6)
    worker.run_due()
    assert stored(house, message_id).state == messages.GIVEN_UP


def test_an_expired_code_is_never_sent(house, worker, mail, pool_id):
    write(house, pool_id, expires_in_seconds=12)
    house.clock.advance(seconds=12)
    assert worker.run_due() == 0
    assert mail.sent == []


def test_patience_ends(house, worker, mail, pool_id):
    message_id = write(house, pool_id, expires_in_seconds=10**7)
    mail.trouble = Undeliverable("later", transient=True)
    for _ in range(MOST_ATTEMPTS):
        assert worker.run_due() == 1
        house.clock.advance(hours=2)
    assert worker.run_due() == 0
    assert stored(house, message_id).state == messages.GIVEN_UP


def test_the_log_tells_of_a_failure_and_neither_address_nor_code(house, worker, mail, pool_id):
    write(house, pool_id, "somebody@example.com")
    mail.trouble = ValueError("somebody@example.com 1234")
    with capture_logs() as logs:
        worker.run_due()
    [line] = logs
    assert (line["event"], line["reason"], line["to"]) == ("message not delivered", "bug: ValueError", "s***@e***")
    assert "somebody" not in str(line)
    assert "1234" not in str({key: value for key, value in line.items() if not key.endswith("_id")})


def test_one_bad_message_does_not_hold_up_those_of_others(house, worker, mail, pool_id):
    broken = write(house, pool_id, "a@example.com")
    with house.database.write() as tx:
        tx.run("UPDATE messages SET body = :body WHERE id = :id", body=b"nonsense", id=broken)
    write(house, pool_id, "b@example.com")
    worker.run_due()
    assert [email.to for email in mail.sent] == ["b@example.com"]
    assert stored(house, broken).state == messages.WAITING


def test_a_message_of_a_deleted_pool_does_not_leave(house, worker, mail, pool_id):
    message_id = write(house, pool_id)
    house.idp.delete_user_pool(UserPoolId=pool_id)
    worker.run_due()
    assert mail.sent == []
    assert stored(house, message_id).state == messages.GIVEN_UP


def test_what_a_slow_gateway_leaves_of_a_lease_goes_to_the_next_worker(house, worker, mail, pool_id):
    write(house, pool_id, "a@example.com")
    house.clock.advance(seconds=1)
    write(house, pool_id, "b@example.com")
    send = mail.send

    def slowly(email):
        send(email)
        house.clock.advance(seconds=45)

    mail.send = slowly
    assert worker.run_due() == 2
    assert [email.to for email in mail.sent] == ["a@example.com"]
    house.clock.advance(seconds=15)
    worker.run_due()
    assert [email.to for email in mail.sent] == ["a@example.com", "b@example.com"]


def test_a_stopped_worker_sends_nothing_more(house, worker, mail, pool_id):
    write(house, pool_id)
    worker.stop()
    worker.run_due()
    assert mail.sent == []
