import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lido import errors
from lido.rules import identifiers

chance = st.binary(min_size=identifiers.RANDOM_BYTES, max_size=identifiers.RANDOM_BYTES)


@given(chance)
def test_every_name_has_its_form(random_bytes):
    assert re.fullmatch(r"us-east-1_[0-9A-Za-z]{9}", identifiers.pool_id("us-east-1", random_bytes))
    assert re.fullmatch(r"[0-9a-z]{26}", identifiers.client_id(random_bytes))
    assert re.fullmatch(r"[0-9a-z]{51}", identifiers.client_secret(random_bytes))
    assert re.fullmatch(r"tkn[0-9a-z]{25}", identifiers.token_session_id(random_bytes))
    assert re.fullmatch(r"sso[0-9a-z]{25}", identifiers.sso_session_id(random_bytes))
    assert re.fullmatch(r"import-[0-9A-Za-z]{10}", identifiers.import_job_id(random_bytes))
    assert re.fullmatch(r"-[0-9A-Za-z]{8}", identifiers.device_group_key(random_bytes))
    assert re.fullmatch(r"[\w-]+_[0-9a-f-]+", identifiers.device_key("us-east-1", random_bytes[:16]))
    assert identifiers.is_uuid(identifiers.sub(random_bytes[:16]))
    assert identifiers.is_client_id(identifiers.client_id(random_bytes))
    assert identifiers.is_pool_id(identifiers.pool_id("eu-west-1", random_bytes))


def test_a_sub_is_a_lower_case_uuid_of_its_bytes():
    assert identifiers.sub(bytes.fromhex("34c84488e0e170aed2ee991ad1a898c8")) == "34c84488-e0e1-40ae-92ee-991ad1a898c8"


def test_too_few_random_bytes_are_refused():
    with pytest.raises(ValueError, match="too few"):
        identifiers.client_secret(bytes(48))
    with pytest.raises(ValueError):
        identifiers.sub(bytes(15))


def test_all_letters_are_equally_likely():
    counts = dict.fromkeys(identifiers.LOWER, 0)
    for first in range(2000):
        for letter in identifiers.client_id(first.to_bytes(2, "big") * 20):
            counts[letter] += 1
    assert max(counts.values()) < 1.2 * min(counts.values())


def test_a_secret_id_names_client_and_second():
    assert identifiers.secret_id("abc", 1_767_225_600_999) == "abc--1767225600"


def test_an_arn_is_read_back():
    arn = identifiers.pool_arn("us-east-1", "000000000000", "us-east-1_aB3dE5fG7")
    assert arn == "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_aB3dE5fG7"
    assert identifiers.parse_pool_arn(arn) == ("aws", "us-east-1", "000000000000", "us-east-1_aB3dE5fG7")


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/us-east-1_aB3dE5fG7",
        "arn:aws:cognito-idp:us-east-1:0:userpool/us-east-1_aB3dE5fG7",
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_aB3dE5fG7\n",
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_aB3dE5fG7/more",
        "arn:aws:s3:us-east-1:000000000000:userpool/us-east-1_aB3dE5fG7",
    ],
)
def test_what_is_no_pool_arn_is_refused(arn):
    with pytest.raises(errors.InvalidParameter):
        identifiers.parse_pool_arn(arn)


@pytest.mark.parametrize("value", ["us-east-1_short", "us-east-1_aB3dE5fG7\n", "_aB3dE5fG7", "US_aB3dE5fG7", "-_" * 99])
def test_what_is_no_pool_id_has_no_region(value):
    assert not identifiers.is_pool_id(value)
    with pytest.raises(errors.InvalidParameter):
        identifiers.region_of(value)


def test_a_pool_id_names_its_region():
    assert identifiers.region_of("ap-southeast-2_aB3dE5fG7") == "ap-southeast-2"
