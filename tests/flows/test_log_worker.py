"""From what users do and what messages suffer to records in a sink: at least once, for the pools that asked."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.world import PASSWORD

from lido.flows.chores import Chores, table
from lido.flows.log_worker import LogWorker
from lido.flows.message_worker import MessageWorker
from lido.ports.log_sinks import FileSink, HTTPSink, NotDelivered
from lido.ports.mail import Undeliverable
from lido.ports.outgoing import ANYWHERE, Outgoing

STREAM = {"StreamArn": "arn:aws:firehose:us-east-1:123456789012:deliverystream/people"}
GROUP = {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:people"}
AUTH_EVENTS = {"LogLevel": "INFO", "EventSource": "userAuthEvents", "FirehoseConfiguration": STREAM}
NOTIFICATIONS = {"LogLevel": "ERROR", "EventSource": "userNotification", "CloudWatchLogsConfiguration": GROUP}


class Sink:
    """Takes everything while it is up; `takes` is how many of a batch it takes then."""

    def __init__(self):
        self.got, self.up, self.takes, self.asked = [], True, None, 0

    def deliver(self, pool_id, destination, lines):
        self.asked += 1
        if not self.up:
            raise NotDelivered("down")
        taken = lines[: self.takes]
        self.got += [(line.id, json.loads(line.text)) for line in taken]
        return lines[len(taken) :]

    def close(self):
        pass

    @property
    def records(self):
        return [record for _, record in self.got]


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def worker(house, sink):
    return LogWorker(house.call, {"firehose": sink, "logs": sink})


@pytest.fixture
def pool_id(house):
    """A pool that delivers both sources, with a user who can sign in."""
    pool_id = house.pool()
    house.user(pool_id, "alice")
    listen(house, pool_id, AUTH_EVENTS, NOTIFICATIONS)
    return pool_id


@pytest.fixture
def sign_in(house, pool_id):
    client_id = house.app(pool_id)["ClientId"]

    def attempt(password=PASSWORD):
        parameters = {"USERNAME": "alice", "PASSWORD": password}
        return house.idp_unsigned.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH", ClientId=client_id, AuthParameters=parameters
        )

    return attempt


def listen(house, pool_id, *configurations):
    house.idp.set_log_delivery_configuration(UserPoolId=pool_id, LogConfigurations=list(configurations))
    house.clock.advance(seconds=1)


def waiting(house):
    with house.database.read() as tx:
        return tx.row("SELECT count(*) FROM log_records")[0]


def test_a_sign_in_is_told_as_the_event_it_is(house, sink, worker, pool_id, sign_in):
    answer = sign_in()
    with pytest.raises(house.idp_unsigned.exceptions.NotAuthorizedException):
        sign_in("wrong")
    assert worker.run_due() == 2
    right, wrong = sink.records
    message = right["message"]
    assert (message["eventType"], message["eventResponse"], message["challenges"]) == (
        "SignIn",
        "Pass",
        ["Password:Success"],
    )
    assert message["requestId"] == answer["ResponseMetadata"]["RequestId"]
    assert (message["userName"], message["ipAddress"], message["userPoolId"]) == ("alice", "203.0.113.7", pool_id)
    assert sink.got[0][0] == message["eventId"]
    assert wrong["message"]["eventResponse"] == "Fail"
    assert (waiting(house), worker.run_due()) == (0, 0)


def test_a_pool_that_listens_to_nothing_queues_nothing(house, worker, pool_id, sign_in):
    listen(house, pool_id)
    sign_in()
    assert waiting(house) == 0


def test_what_operators_do_to_a_pool_is_no_event_of_users(house, worker, pool_id):
    house.idp.create_group(UserPoolId=pool_id, GroupName="staff")
    assert waiting(house) == 0


def test_a_record_is_there_if_and_only_if_its_event_is(house, pool_id):
    from lido.flows.events import tell

    with pytest.raises(ZeroDivisionError):
        with house.database.write() as tx:
            tell(house.call(), tx, pool_id, "signed_in", "s")
            raise ZeroDivisionError
    assert waiting(house) == 0


def test_a_message_that_cannot_be_sent_is_told_without_its_recipient(house, sink, worker, pool_id):
    class Down:
        def send(self, email):
            raise Undeliverable("no server answers", transient=True)

    house.idp.admin_create_user(
        UserPoolId=pool_id,
        Username="bob",
        UserAttributes=[{"Name": "email", "Value": "bob@example.com"}],
        DesiredDeliveryMediums=["EMAIL"],
    )
    MessageWorker(house.call, mail=Down(), sms=None, mail_from="lido@example.com").run_due()
    worker.run_due()
    [record] = [each for each in sink.records if each["eventSource"] == "USER_NOTIFICATION"]
    assert record["logLevel"] == "ERROR"
    assert "could not be sent (attempt 1): no server answers" in record["message"]["details"]
    assert "bob@" not in json.dumps(record)


def test_a_sink_that_is_down_is_asked_less_and_less_and_loses_nothing(house, sink, worker, pool_id, sign_in):
    sign_in()
    sink.up = False
    for _ in range(600):
        worker.run_due()
        house.clock.advance(seconds=1)
    assert 5 <= sink.asked <= 8
    assert waiting(house) == 1
    sink.up = True
    house.clock.advance(minutes=15)
    worker.run_due()
    assert len(sink.got) == 1
    assert waiting(house) == 0


def test_what_a_sink_refuses_of_a_batch_is_sent_again(house, sink, worker, pool_id, sign_in):
    sign_in()
    sign_in()
    sink.takes = 1
    worker.run_due()
    assert waiting(house) == 1
    worker.run_due()
    assert len({record_id for record_id, _ in sink.got}) == 2


def test_a_worker_that_dies_in_between_leaves_records_that_come_again_with_the_same_id(
    house, sink, worker, pool_id, sign_in
):
    class Dying(Sink):
        def deliver(self, pool_id, destination, lines):
            super().deliver(pool_id, destination, lines)
            raise SystemExit

    dying = Dying()
    sign_in()
    with pytest.raises(SystemExit):
        LogWorker(house.call, {"firehose": dying}).run_due()
    assert worker.run_due() == 0
    house.clock.advance(seconds=61)
    worker.run_due()
    assert sink.got == dying.got


def test_two_workers_share_the_queue(house, sink, worker, pool_id, sign_in):
    for _ in range(4):
        sign_in()
    workers = [worker, LogWorker(house.call, {"firehose": sink, "logs": sink})]
    threads = [threading.Thread(target=each.run_due) for each in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sink.got) == len({record_id for record_id, _ in sink.got}) == 4


def test_a_pool_whose_sink_is_down_holds_no_other_up(house, sink, worker, pool_id, sign_in):
    sign_in()

    class Choosy(Sink):
        def deliver(self, pool_id, destination, lines):
            self.up = destination.name == "other"
            return super().deliver(pool_id, destination, lines)

    other = house.pool()
    house.user(other, "alice")
    stream = {"StreamArn": STREAM["StreamArn"].replace("people", "other")}
    listen(house, other, {**AUTH_EVENTS, "FirehoseConfiguration": stream})
    client_id = house.app(other)["ClientId"]
    house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD},
    )
    choosy = Choosy()
    LogWorker(house.call, {"firehose": choosy}).run_due()
    assert [record["logSourceId"]["userPoolId"] for record in choosy.records] == [other]


def test_without_an_endpoint_the_file_takes_all_of_it_and_without_both_nothing_is_kept(
    house, pool_id, sign_in, tmp_path
):
    sign_in()
    path = tmp_path / "users.log"
    LogWorker(house.call, {}, FileSink(path)).run_due()
    [line] = path.read_text().splitlines()
    assert json.loads(line)["message"]["eventType"] == "SignIn"
    assert path.stat().st_mode & 0o777 == 0o600
    sign_in()
    LogWorker(house.call, {}).run_due()
    assert waiting(house) == 0


def test_a_file_that_cannot_be_written_keeps_the_records(house, pool_id, sign_in, tmp_path):
    sign_in()
    LogWorker(house.call, {}, FileSink(tmp_path / "nowhere" / "users.log")).run_due()
    assert waiting(house) == 1


def test_an_http_sink_takes_lines_and_must_say_so(house, pool_id, sign_in):
    class Receiver(BaseHTTPRequestHandler):
        status, bodies = 500, []

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            Receiver.bodies.append((self.headers["authorization"], self.headers["lido-pool-id"], body))
            self.send_response(Receiver.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/logs"
        worker = LogWorker(house.call, {}, HTTPSink(Outgoing(ANYWHERE), url, authorization="Bearer token"))
        sign_in()
        worker.run_due()
        assert waiting(house) == 1
        Receiver.status = 204
        house.clock.advance(seconds=10)
        worker.run_due()
        worker.close()
        server.shutdown()
    assert waiting(house) == 0
    assert Receiver.bodies[0] == Receiver.bodies[1]
    assert Receiver.bodies[0][:2] == ("Bearer token", pool_id)


def test_records_of_a_pool_that_is_gone_go_nowhere(house, sink, worker, pool_id, sign_in):
    sign_in()
    house.idp.delete_user_pool(UserPoolId=pool_id)
    worker.run_due()
    assert sink.got == []
    assert waiting(house) == 0


def test_what_could_not_be_delivered_for_fourteen_days_is_dropped(house, worker, pool_id, sign_in):
    chores = Chores(house.call, table(event_retention_days=90, message_retention_days=7), holder="here")
    sign_in()
    for days, kept in ((13.9, 1), (0.2, 0)):
        house.clock.advance(days=days)
        chores.run_due()
        assert waiting(house) == kept
