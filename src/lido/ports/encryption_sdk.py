"""Messages of the AWS Encryption SDK, with data keys that we fetch ourselves: its own way to KMS is boto3, which never
runs here. Imported only where something is encrypted, since its package is optional.

The algorithm is the SDK's default without key commitment, as Cognito's: AES-256-GCM, HKDF with SHA-384, ECDSA P-384.
"""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient
from aws_encryption_sdk.key_providers.base import MasterKey, MasterKeyConfig
from aws_encryption_sdk.structures import DataKey, MasterKeyInfo

from lido.ports import kms

PROVIDER = "aws-kms"
_client = EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)

Generate = Callable[[str, int, Mapping[str, str]], kms.DataKey]
"""Makes a data key under a key's ARN, of so many bytes, for an encryption context."""


def encrypt(content: bytes, key_arn: str, context: Mapping[str, str], generate: Generate) -> bytes:
    """The message; its encryption context holds `context`. Raises what `generate` raises."""
    key = _Key(config=_KeyConfig(key_id=key_arn))
    key.generate = generate
    message, _ = _client.encrypt(source=content, key_provider=key, encryption_context=dict(context))
    return bytes(message)


class _KeyConfig(MasterKeyConfig):  # type: ignore[misc] # the package carries no types
    provider_id = PROVIDER


class _Key(MasterKey):  # type: ignore[misc] # the package carries no types
    """A key of KMS, for one message. Who decrypts asks KMS for the key of the ARN that it answered with."""

    provider_id = PROVIDER
    _config_class = _KeyConfig
    generate: Generate

    def _generate_data_key(self, algorithm: Any, encryption_context: dict[str, str]) -> Any:
        made = self.generate(self.key_id.decode(), algorithm.kdf_input_len, encryption_context)
        return DataKey(MasterKeyInfo(PROVIDER, made.arn), made.plain, made.encrypted)

    def _encrypt_data_key(self, _data_key: object, _algorithm: object, _context: object) -> NoReturn:
        raise NotImplementedError

    def _decrypt_data_key(self, _data_key: object, _algorithm: object, _context: object) -> NoReturn:
        raise NotImplementedError
