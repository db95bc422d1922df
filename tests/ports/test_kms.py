"""Codes under keys of KMS: any ordinary Encryption SDK decrypts them, and nothing about them leaks."""

from base64 import b64decode

import msgspec
import pytest
from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from tests.fakes import FakeClock
from tests.ports.amazon import Decryption, amazon, kms_key

from lido import silence
from lido.ports.aws_client import AccessKey
from lido.ports.kms import KMS, Unencryptable
from lido.ports.outgoing import ANYWHERE, Answer, Outgoing, TooLarge, TooSlow, Unreachable

ARN = "arn:aws:kms:eu-west-1:123456789012:key/7b3a"
PLAIN, ENCRYPTED = b"k" * 32, b"sealed"


class Network:
    """Answers every request alike, and remembers it."""

    def __init__(self, answer=None):
        self.answer = answer or Answer(200, {}, generated())
        self.asked = []

    def post(self, url, body, headers, *, seconds, limit_bytes, method):
        self.asked.append((url, msgspec.json.decode(body), headers))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self):
        """Nothing is open."""


def generated(**changes):
    answer = {"KeyId": ARN, "Plaintext": PLAIN, "CiphertextBlob": ENCRYPTED}
    return msgspec.json.encode({**answer, **changes})


def service(network, endpoint="https://kms.{region}.amazonaws.com", key=("AKIDEXAMPLE", "secret"), token=None):
    return KMS(network, FakeClock(), endpoint=endpoint, key=key and AccessKey(*key, token))


@pytest.fixture(scope="module")
def moto():
    with amazon() as running:
        yield running


@pytest.fixture(autouse=True, scope="module")
def surroundings(moto):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_KMS", moto.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        yield


@pytest.mark.parametrize("text", ["736251", "Pässwörd&lt;", "x" * 10_000])
def test_what_is_encrypted_is_decrypted_by_the_sdk_over_boto3(moto, text):
    arn = kms_key(moto.url, "eu-west-1")

    code = service(Outgoing(ANYWHERE), moto.url).encrypt(text, key_arn=arn, context={"userpool-id": "p"})

    plain, context = Decryption(arn).whole(code)
    assert plain == text
    assert context["userpool-id"] == "p"
    assert text.encode() not in b64decode(code)


def test_no_key_commitment_since_functions_are_set_up_for_none(moto):
    arn = kms_key(moto.url)
    code = service(Outgoing(ANYWHERE), moto.url).encrypt("123456", key_arn=arn, context={})
    strict = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT)

    with pytest.raises(Exception, match="commit"):
        strict.decrypt(source=b64decode(code), key_provider=Decryption(arn)._provider)


def test_two_messages_share_no_key(moto):
    arn = kms_key(moto.url)
    kms = service(Outgoing(ANYWHERE), moto.url)

    assert len({kms.encrypt("123456", key_arn=arn, context={}) for _ in range(3)}) == 3


def test_the_request_is_signed_for_the_key_s_region(moto):
    network = Network()

    service(network, token="session").data_key(ARN, 32, {"userpool-id": "p"})

    [(url, body, headers)] = network.asked
    assert url == "https://kms.eu-west-1.amazonaws.com/"
    assert body == {"KeyId": ARN, "NumberOfBytes": 32, "EncryptionContext": {"userpool-id": "p"}}
    assert headers["x-amz-target"] == "TrentService.GenerateDataKey"
    assert "AKIDEXAMPLE/20260921/eu-west-1/kms/aws4_request" in headers["authorization"]
    assert "x-amz-security-token" in headers["authorization"]


def test_without_an_access_key_nothing_is_signed():
    network = Network()

    service(network, key=None).data_key(ARN, 32, {})

    assert "authorization" not in network.asked[0][2]


def test_a_key_s_alias_is_answered_by_the_key_whose_arn_the_message_then_names():
    made = service(Network()).data_key("arn:aws:kms:eu-west-1:123456789012:alias/codes", 32, {})

    assert (made.arn, made.plain, made.encrypted) == (ARN, PLAIN, ENCRYPTED)
    assert "kkk" not in repr(made)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "arn:aws:kms:evil.example/:123456789012:key/k",
        "arn:aws:kms:x@evil:123456789012:key/k",
        "arn:aws:s3:eu-west-1:123456789012:key/k",
        ARN + "\n",
    ],
)
def test_what_is_no_key_s_arn_leads_nowhere(arn):
    network = Network()

    with pytest.raises(Unencryptable, match="not the ARN of a key"):
        service(network).data_key(arn, 32, {})
    assert network.asked == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Unreachable("NewConnectionError"), "KMS was not reached: Unreachable"),
        (TooSlow(), "KMS was not reached: TooSlow"),
        (TooLarge(), "KMS was not reached: TooLarge"),
        (
            Answer(400, {}, b'{"__type":"com.amazonaws.kms#DisabledException","message":"a secret"}'),
            "KMS refused: 400 DisabledException",
        ),
        (Answer(400, {}, b'{"__type":"NotFoundException"}'), "KMS refused: 400 NotFoundException"),
        (Answer(503, {}, b"<html>"), "KMS refused: 503"),
        (Answer(400, {}, b'{"__type":"a b\\n"}'), "KMS refused: 400"),
        (Answer(302, {"location": "http://evil"}, b""), "KMS refused: 302"),
        (Answer(200, {}, b"<html>"), "KMS answered something else than a key"),
        (Answer(200, {}, b"{}"), "KMS answered something else than a key"),
        (Answer(200, {}, generated(Plaintext="!")), "KMS answered something else than a key"),
        (Answer(200, {}, generated(Plaintext=b"short")), "KMS answered something else than a key"),
    ],
)
def test_what_goes_wrong_is_said_in_a_word(answer, reason):
    with pytest.raises(Unencryptable) as refusal:
        service(Network(answer)).encrypt("123456", key_arn=ARN, context={})

    assert str(refusal.value) == reason


def test_no_key_is_asked_for_while_a_transaction_is_open():
    silence.begin()
    try:
        with pytest.raises(RuntimeError, match="transaction"):
            service(Outgoing(ANYWHERE), "http://127.0.0.1:9").data_key(ARN, 32, {})
    finally:
        silence.end()
