"""Codes for senders of a pool's own, encrypted under a key of AWS KMS or of what speaks its API.

Each is a message of the AWS Encryption SDK, so that the functions that people have decrypt it. The SDK is an optional
package, imported at the first use (ports/encryption_sdk.py).
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from importlib.util import find_spec
from typing import NamedTuple

import msgspec

from lido.ports import aws_client
from lido.ports.aws_client import AccessKey
from lido.ports.aws_service import AWSService, fault
from lido.ports.clock import Clock
from lido.ports.outgoing import Outgoing, Refused, TooLarge, TooSlow, Unreachable

_SECONDS = 5.0
_LIMIT_BYTES = 64 * 1024
_KEY = re.compile(r"arn:[a-z-]{1,20}:kms:([a-z0-9-]{1,32}):[0-9]{12}:(?:key|alias)/.{1,300}")
_NO_KEY = "KMS answered something else than a key"


class Unencryptable(Exception):
    """There is no code to hand over yet; str() says why, and holds no secret."""


class DataKey(NamedTuple):
    """A key for one message, in clear and encrypted, and the ARN of the key that decrypts it."""

    arn: str
    plain: bytes
    encrypted: bytes

    def __repr__(self) -> str:
        return f"<DataKey under {self.arn}>"


class _Generated(msgspec.Struct, frozen=True, rename="pascal"):
    """KMS's answer to `GenerateDataKey`; both keys in base64."""

    key_id: str
    plaintext: str
    ciphertext_blob: str


class KMS:
    """The service at `endpoint`, where `{region}` stands for the key's. Safe to share between threads.

    `outgoing` is the operator's own way out: the endpoint may be a private one. Without an access key requests are not
    signed.
    """

    def __init__(
        self,
        outgoing: Outgoing,
        clock: Clock,
        *,
        endpoint: str,
        key: AccessKey | None,
    ) -> None:
        self._service = AWSService(outgoing, clock, "kms", endpoint, key)

    def __repr__(self) -> str:
        return f"<KMS {self._service}>"

    def encrypt(self, text: str, *, key_arn: str, context: Mapping[str, str]) -> str:
        """The text as base64 of an Encryption SDK message whose data key `key_arn` decrypts, bound to `context`.

        Raises Unencryptable; RuntimeError while a transaction is open.
        """
        if not is_installed():
            raise Unencryptable("the package aws-encryption-sdk is not installed; it comes with lido-idp[kms]")
        from lido.ports import encryption_sdk

        message = encryption_sdk.encrypt(text.encode(), key_arn, context, self.data_key)
        return b64encode(message).decode()

    def data_key(self, key_arn: str, length: int, context: Mapping[str, str]) -> DataKey:
        """A new key of so many bytes (`GenerateDataKey`). Raises Unencryptable; RuntimeError as `encrypt`."""
        named = _KEY.fullmatch(key_arn)
        if named is None:
            # A pool's own text must not lead the request, and what signs it, to another host.
            raise Unencryptable("KMSKeyID is not the ARN of a key of KMS")
        document = {"KeyId": key_arn, "NumberOfBytes": length, "EncryptionContext": dict(context)}
        answer = self._post("TrentService.GenerateDataKey", msgspec.json.encode(document), named[1])
        try:
            made = msgspec.json.decode(answer, type=_Generated)
            found = DataKey(made.key_id, b64decode(made.plaintext), b64decode(made.ciphertext_blob))
        except (msgspec.DecodeError, ValueError):
            raise Unencryptable(_NO_KEY) from None
        if len(found.plain) != length:
            raise Unencryptable(_NO_KEY)
        return found

    def close(self) -> None:
        """Give back what was kept open; encrypting again opens it anew."""
        self._service.close()

    def _post(self, target: str, body: bytes, region: str) -> bytes:
        headers = {"content-type": aws_client.CONTENT_TYPE, "x-amz-target": target}
        try:
            answer = self._service.send("/", headers, body, region=region, seconds=_SECONDS, limit_bytes=_LIMIT_BYTES)
        except (Refused, Unreachable, TooSlow, TooLarge) as trouble:
            raise Unencryptable(f"KMS was not reached: {type(trouble).__name__}") from None
        if answer.status != 200:
            raise Unencryptable(f"KMS refused: {answer.status} {fault(answer)}".rstrip())
        return answer.body


def is_installed() -> bool:
    """Whether the optional package is there."""
    return find_spec("aws_encryption_sdk") is not None
