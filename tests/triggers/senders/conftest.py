"""A pool whose own functions send its messages, and a KMS whose keys encrypt the codes."""

import pytest
from tests.authenticators import SES, SMS
from tests.ports.amazon import Decryption, amazon, kms_key
from tests.triggers.conftest import ARN, Triggered, unchanged
from tests.world import World, sign_by

from lido.flows.message_worker import MessageWorker
from lido.storage import messages

EMAIL, PHONE = "alice@example.com", "+4915100000000"
ACCESS_KEY = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "secret-of-the-tests"}


@pytest.fixture(scope="module")
def moto():
    with amazon() as running:
        yield running


@pytest.fixture(scope="module")
def key(moto):
    return kms_key(moto.url)


@pytest.fixture(scope="module")
def decrypted(moto, key):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_KMS", moto.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield Decryption(key)


class Sending(Triggered):
    """A pool that sends itself, and the worker that hands its messages over."""

    worker: MessageWorker

    def post(self):
        """Everything that is due goes out; the events of senders so far."""
        while self.worker.run_due():
            self.worker.finish()
        return [event for event in self.told if event["triggerSource"].partition("_")[0] in SENDERS]

    def stored(self):
        with self.house.database.read() as tx:
            return sorted(messages.page(tx, limit=100), key=lambda message: message.id)


SENDERS = ("CustomEmailSender", "CustomSMSSender")


@pytest.fixture
def world(database, functions, moto):
    world = World(database, carriers=functions, kms_endpoint=moto.url, **ACCESS_KEY)
    sign_by(world.clock)
    yield world
    world.close()


@pytest.fixture
def sending(world, functions, key):
    """Makes a pool whose own functions send: `sending(CustomEmailSender=function)`, both unless said otherwise."""

    def make(*, kms=key, pool=None, app=None, **given):
        config = {"KMSKeyID": kms}
        for name, function in (given or dict.fromkeys(SENDERS, unchanged)).items():
            functions[name] = function
            arn = ARN.format(name)
            config[name] = {"LambdaArn": arn, "LambdaVersion": "V1_0"} if name in SENDERS else arn
        settings = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": config, **(pool or {})}
        people = Sending(world, functions, pool=settings, app=app or {})
        people.worker = world.lido.message_worker()
        return people

    return make


def with_sms(**more):
    return {"SmsConfiguration": SMS, "EmailConfiguration": SES, **more}
