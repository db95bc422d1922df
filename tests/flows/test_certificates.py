"""Certificates in the house: their keys are sealed, and a domain names only one that is for it."""

import pytest
from botocore.exceptions import ClientError
from tests.authority import Authority

from lido import errors
from lido.flows import certificates


@pytest.fixture
def authority(house):
    return Authority(house.clock.now())


def added(house, authority, *names, **more):
    certificate = certificates.add(house.call(), *authority.issue(*names, **more))
    return certificates.arn(house.call(), certificate.id)


def domain(house, arn, name="login.example.com"):
    return house.idp.create_user_pool_domain(
        Domain=name, UserPoolId=house.pool(), CustomDomainConfig={"CertificateArn": arn}
    )


def test_the_key_is_sealed_and_opens_for_a_server(house, authority):
    chain, key = authority.issue("login.example.com")
    certificates.add(house.call(), chain, key)
    (kept,) = certificates.every(house.call())
    assert b"PRIVATE" not in kept.private_key
    ids, (shown,) = certificates.shown(house.call(), None)
    assert (shown.names, shown.key.encode(), shown.chain.encode()) == (["login.example.com"], key, chain)
    assert "PRIVATE" not in repr(shown)
    assert certificates.shown(house.call(), ids) is None


def test_what_has_ended_is_shown_no_more(house, authority):
    added(house, authority, "login.example.com", days=1)
    added(house, authority, "other.example.com", days=10)
    house.clock.advance(days=2)
    _, shown = certificates.shown(house.call(), None)
    assert [each.names for each in shown] == [["other.example.com"]]


def test_a_domain_names_a_certificate_that_is_for_it(house, authority):
    domain(house, added(house, authority, "login.example.com"))
    domain(house, added(house, authority, "*.example.net"), "login.example.net")
    domain(house, "arn:aws:acm:us-east-1:123456789012:certificate/a-proxy-has-it", "login.example.org")
    for arn in (added(house, authority, "other.example.com"), added(house, authority, "*.com")):
        with pytest.raises(ClientError, match="The specified SSL certificate doesn't exist"):
            domain(house, arn, "www.example.com")


def test_neither_does_an_update_name_another_s(house, authority):
    pool_id = house.pool()
    arn = added(house, authority, "login.example.com")
    where = {"Domain": "login.example.com", "UserPoolId": pool_id}
    house.idp.create_user_pool_domain(**where, CustomDomainConfig={"CertificateArn": arn})
    other = added(house, authority, "other.example.com")
    with pytest.raises(ClientError, match="The specified SSL certificate doesn't exist"):
        house.idp.update_user_pool_domain(**where, CustomDomainConfig={"CertificateArn": other})


def test_a_certificate_that_a_domain_names_stays(house, authority):
    arn = added(house, authority, "login.example.com")
    domain(house, arn)
    with pytest.raises(errors.InvalidParameter, match=r"is that of login\.example\.com"):
        certificates.remove(house.call(), arn)
    unused = added(house, authority, "login.example.com")
    certificates.remove(house.call(), unused)
    with pytest.raises(errors.ResourceNotFound):
        certificates.remove(house.call(), unused)
    assert len(certificates.every(house.call())) == 1
