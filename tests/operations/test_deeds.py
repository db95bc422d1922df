import pytest

from lido.operations import deeds
from lido.shapes import catalogue


@pytest.mark.parametrize(
    "name",
    [
        "DescribeIdentityProvider",
        "DescribeUserPoolClient",
        "GetIdentityProviderByIdentifier",
        "GetOpenIdTokenForDeveloperIdentity",
    ],
)
def test_what_tells_a_secret_leaves_an_entry(name):
    assert name in {each.name for each in catalogue.OPERATIONS.values()}
    assert deeds.leaves_an_entry(name)


@pytest.mark.parametrize("name", ["AdminGetUser", "DescribeUserPool", "ListUsers", "AdminInitiateAuth"])
def test_what_only_reads_and_what_users_do_leaves_none(name):
    assert not deeds.leaves_an_entry(name)
