"""The forms of the names that Lido hands out: pools, clients, secrets, subs, devices, jobs.

Random bytes come as an argument. Letters are digits of one large number with at
least 128 surplus bits, so no letter is likelier than another by more than 2^-128.
"""

import re
import string
from typing import NamedTuple
from uuid import UUID

from lido import errors

LOWER = string.digits + string.ascii_lowercase
MIXED = string.digits + string.ascii_uppercase + string.ascii_lowercase
RANDOM_BYTES = 64
"""Bytes that are enough for every name of this module."""

_REGION = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_POOL_ID = re.compile(rf"({_REGION})_[0-9A-Za-z]{{9}}", re.ASCII)
_CLIENT_ID = re.compile(r"[0-9a-z]{26}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_POOL_ARN = re.compile(rf"arn:(aws[a-z-]*):cognito-idp:({_REGION}):([0-9]{{12}}):userpool/([^/:]{{1,55}})", re.ASCII)
_REGION_NAME = re.compile(_REGION, re.ASCII)
_LONGEST_REGION = 45
_LONGEST = 256


class PoolArn(NamedTuple):
    """What the ARN of a user pool names."""

    partition: str
    region: str
    account: str
    pool_id: str


def _spell(random_bytes: bytes, alphabet: str, length: int) -> str:
    if 8 * len(random_bytes) < (len(alphabet) ** length).bit_length() + 128:
        raise ValueError("too few random bytes")
    number = int.from_bytes(random_bytes, "big")
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(alphabet))
        letters.append(alphabet[digit])
    return "".join(letters)


def pool_id(region: str, random_bytes: bytes) -> str:
    """`us-east-1_aB3dE5fG7`."""
    return f"{region}_{_spell(random_bytes, MIXED, 9)}"


def client_id(random_bytes: bytes) -> str:
    """26 digits and lower-case letters."""
    return _spell(random_bytes, LOWER, 26)


def client_secret(random_bytes: bytes) -> str:
    """51 digits and lower-case letters."""
    return _spell(random_bytes, LOWER, 51)


def secret_id(client_id: str, created_at: int) -> str:
    """`{client}--{seconds since 1970}`; `created_at` in milliseconds."""
    return f"{client_id}--{created_at // 1000}"


def sub(random_bytes: bytes) -> str:
    """A lower-case UUID of version 4 from 16 random bytes."""
    return str(UUID(bytes=random_bytes, version=4))


def device_key(region: str, random_bytes: bytes) -> str:
    """`{region}_{uuid}` from 16 random bytes."""
    return f"{region}_{sub(random_bytes)}"


def device_group_key(random_bytes: bytes) -> str:
    """`-` and eight letters or digits."""
    return f"-{_spell(random_bytes, MIXED, 8)}"


def import_job_id(random_bytes: bytes) -> str:
    """`import-` and ten letters or digits."""
    return f"import-{_spell(random_bytes, MIXED, 10)}"


def token_session_id(random_bytes: bytes) -> str:
    """`tkn` and 25 digits or lower-case letters: the session that a family of tokens belongs to."""
    return f"tkn{_spell(random_bytes, LOWER, 25)}"


def sso_session_id(random_bytes: bytes) -> str:
    """`sso` and 25 digits or lower-case letters: the session of a browser."""
    return f"sso{_spell(random_bytes, LOWER, 25)}"


def is_region(value: str) -> bool:
    """Has it the form of a region's name? Pools' ids begin with one, so at most 45 characters."""
    return len(value) <= _LONGEST_REGION and _REGION_NAME.fullmatch(value) is not None


def is_pool_id(value: str) -> bool:
    """Has it the form of a user pool's id?"""
    return len(value) <= _LONGEST and _POOL_ID.fullmatch(value) is not None


def is_client_id(value: str) -> bool:
    """Has it the form of a generated app client's id?"""
    return len(value) <= _LONGEST and _CLIENT_ID.fullmatch(value) is not None


def is_uuid(value: str) -> bool:
    """Has it the form of a sub: a lower-case UUID of any version?"""
    return len(value) <= _LONGEST and _UUID.fullmatch(value) is not None


def region_of(pool_id: str) -> str:
    """The region that a user pool's id names. Raises InvalidParameter."""
    match = _POOL_ID.fullmatch(pool_id) if len(pool_id) <= _LONGEST else None
    if match is None:
        raise errors.InvalidParameter("Invalid UserPoolId format.")
    return match[1]


def pool_arn(region: str, account: str, pool_id: str, partition: str = "aws") -> str:
    """`arn:aws:cognito-idp:{region}:{account}:userpool/{poolId}`."""
    return f"arn:{partition}:cognito-idp:{region}:{account}:userpool/{pool_id}"


def parse_pool_arn(arn: str) -> PoolArn:
    """The parts of a user pool's ARN. Raises InvalidParameter, also when its two regions differ."""
    match = _POOL_ARN.fullmatch(arn) if len(arn) <= _LONGEST else None
    if match is None or not is_pool_id(match[4]) or region_of(match[4]) != match[2]:
        raise errors.InvalidParameter("Invalid user pool ARN.")
    return PoolArn(*match.groups())
