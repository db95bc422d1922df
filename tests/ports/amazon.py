"""Amazon's services in this process: moto's server, and what arrived there."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from warnings import catch_warnings, simplefilter

ACCOUNT = "123456789012"


class Amazon:
    """The server's address, and what SES and SNS took in a region."""

    def __init__(self, url: str) -> None:
        self.url = url

    def emails(self, region: str) -> list[object]:
        from moto.backends import get_backend

        return list(get_backend("ses")[ACCOUNT][region].sent_messages)

    def texts(self, region: str) -> list[tuple[str, str]]:
        from moto.backends import get_backend

        return [tuple(each) for each in get_backend("sns")[ACCOUNT][region].sms_messages.values()]


@contextmanager
def amazon() -> Iterator[Amazon]:
    """A server that runs until the block ends, and begins empty."""
    with catch_warnings():
        simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
    try:
        host, port = server.get_host_and_port()
        yield Amazon(f"http://{host}:{port}")
    finally:
        server.stop()
        _forget_everything()


def _forget_everything() -> None:
    """What arrived is kept by the process, not by the server."""
    from moto.backends import get_backend

    for service in ("ses", "sns", "kms"):
        get_backend(service).reset()


def kms_key(url: str, region: str = "us-east-1") -> str:
    """The ARN of a new symmetric key there."""
    import boto3

    client = boto3.client(
        "kms", endpoint_url=url, region_name=region, aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret"
    )
    arn: str = client.create_key()["KeyMetadata"]["Arn"]
    return arn


class Decryption:
    """Codes decrypted as AWS's sample functions do it: the SDK for Python, and boto3 under it."""

    def __init__(self, key_arn: str) -> None:
        from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient, StrictAwsKmsMasterKeyProvider

        self._client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
        self._provider = StrictAwsKmsMasterKeyProvider(key_ids=[key_arn])

    def __call__(self, code: str) -> str:
        return self.whole(code)[0]

    def whole(self, code: str) -> tuple[str, dict[str, str]]:
        """The text, and the encryption context of its message."""
        plain, header = self._client.decrypt(source=b64decode(code), key_provider=self._provider)
        return plain.decode(), dict(header.encryption_context)
