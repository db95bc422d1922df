from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.world import ROOT_ID, ROOT_SECRET, World, sign_by

from lido.storage import domains, events, pools

ARN = "arn:aws:acm:us-east-1:123456789012:certificate/8c1b1e4a-0d1c-4f6a-9d3e-3b2a1f0e9d8c"
CUSTOM = {"CustomDomainConfig": {"CertificateArn": ARN}}


def refused(sentence, code="InvalidParameterException"):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool()


def described(idp, name):
    return idp.describe_user_pool_domain(Domain=name)["DomainDescription"]


def test_a_prefix_domain_is_described_as_it_was_created(house, idp, pool_id):
    created = idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id, ManagedLoginVersion=2)
    assert created["ManagedLoginVersion"] == 2
    assert "CloudFrontDomain" not in created
    shown = described(idp, "acme")
    assert len(shown.pop("Version")) == 14
    assert shown == {
        "UserPoolId": pool_id,
        "AWSAccountId": "000000000000",
        "Domain": "acme",
        "Status": "ACTIVE",
        "ManagedLoginVersion": 2,
    }


def test_a_custom_domain_points_to_the_installation(idp, pool_id):
    created = idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, **CUSTOM)
    assert (created["ManagedLoginVersion"], created["CloudFrontDomain"]) == (1, "localhost")
    shown = described(idp, "login.example.com")
    assert shown["CustomDomainConfig"] == {"CertificateArn": ARN}
    assert shown["CloudFrontDistribution"] == "localhost"


def test_the_pool_s_description_names_both_domains(idp, pool_id):
    def shown():
        pool = idp.describe_user_pool(UserPoolId=pool_id)["UserPool"]
        return pool.get("Domain"), pool.get("CustomDomain")

    assert shown() == (None, None)
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    assert shown() == ("acme", None)
    idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, **CUSTOM)
    assert shown() == ("acme", "login.example.com")
    idp.delete_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    assert shown() == (None, "login.example.com")


def test_an_unknown_domain_has_an_empty_description(idp):
    assert described(idp, "nobodys") == {}


def test_a_domain_is_described_in_the_region_of_its_pool_alone(database):
    house = World(database, region="us-east-1,eu-west-1")
    sign_by(house.clock)
    house.idp.create_user_pool_domain(Domain="acme", UserPoolId=house.pool())
    elsewhere = house.boto(ROOT_ID, ROOT_SECRET, region="eu-west-1")
    assert described(elsewhere, "acme") == {}
    assert described(house.idp, "acme") != {}
    house.close()


def test_an_update_changes_what_is_sent(idp, pool_id):
    idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, **CUSTOM)
    answer = idp.update_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, ManagedLoginVersion=2)
    assert (answer["ManagedLoginVersion"], answer["CloudFrontDomain"]) == (2, "localhost")
    other = {"CertificateArn": ARN.replace("8c1b", "0000"), "SecurityPolicy": "TLS_V1_3_2025"}
    idp.update_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, CustomDomainConfig=other)
    shown = described(idp, "login.example.com")
    assert (shown["ManagedLoginVersion"], shown["CustomDomainConfig"]) == (2, other)


def test_what_was_deleted_is_free_again_and_the_pool_can_go(idp, house, pool_id):
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    with refused("User pool cannot be deleted. It has a domain configured that should be deleted first."):
        idp.delete_user_pool(UserPoolId=pool_id)
    answer = idp.delete_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    answer.pop("ResponseMetadata")
    assert answer == {}
    idp.delete_user_pool(UserPoolId=pool_id)
    idp.create_user_pool_domain(Domain="acme", UserPoolId=house.pool())


@pytest.mark.parametrize(
    "name", ["Acme", "acme_1", "-acme", "acme-", "a.b", "acme.", "\u0430cme", "acme\n", "a b", "a:1"]
)
def test_what_is_no_prefix_is_refused(idp, pool_id, name):
    with refused("The domain name contains an invalid character. Domain names can only contain lower-case"):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool_id)


@pytest.mark.parametrize(
    ("name", "word"), [("my-aws", "aws"), ("seesaws", "aws"), ("amazonia", "amazon"), ("xcognitox", "cognito")]
)
def test_reserved_words_are_no_part_of_a_prefix(idp, pool_id, name, word):
    with refused(f"Domain cannot contain reserved word: {word}"):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool_id)


@pytest.mark.parametrize(
    "name",
    [
        "login",
        "Login.example.com",
        "login.example.com.",
        ".example.com",
        "login..example.com",
        "login.example.com:8443",
        "*.example.com",
        "l\u00f6gin.example.com",
        "login_1.example.com",
        "-login.example.com",
        "192.0.2.1",
        "login.example.com/x",
        "a@login.example.com",
    ],
)
def test_what_is_no_whole_name_is_no_custom_domain(idp, pool_id, name):
    with refused("Custom domain is not a valid subdomain"):
        idp.create_user_pool_domain(Domain=name, UserPoolId=pool_id, **CUSTOM)


def test_a_name_is_one_pool_s(idp, house, pool_id):
    """Also when it is spelled another way: only one spelling can be stored."""
    other = house.pool()
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, **CUSTOM)
    with refused("Domain already associated with another user pool."):
        idp.create_user_pool_domain(Domain="acme", UserPoolId=other)
    with refused("Domain already associated with another user pool."):
        idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=other, **CUSTOM)
    for change in (idp.delete_user_pool_domain, idp.update_user_pool_domain):
        with refused("No such domain or user pool exists."):
            change(Domain="acme", UserPoolId=other)
    assert described(idp, "acme")["UserPoolId"] == pool_id


def test_of_many_who_want_a_name_one_gets_it(house):
    wanting = [house.pool() for _ in range(6)]

    def want(pool_id):
        try:
            house.boto(ROOT_ID, ROOT_SECRET).create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
        except ClientError as refusal:
            return refusal.response["Error"]["Message"]
        return "mine"

    with ThreadPoolExecutor(6) as hands:
        answers = list(hands.map(want, wanting))
    assert sorted(answers) == ["Domain already associated with another user pool."] * 5 + ["mine"]


def test_a_pool_has_one_domain_of_each_kind(idp, pool_id):
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    idp.create_user_pool_domain(Domain="login.example.com", UserPoolId=pool_id, **CUSTOM)
    for more in ({"Domain": "acme2"}, {"Domain": "login2.example.com", **CUSTOM}):
        with refused("User pool already has a domain configured."):
            idp.create_user_pool_domain(UserPoolId=pool_id, **more)


@pytest.mark.parametrize(
    "name", ["id.example.com", "pools.example.com", "acme.pools.example.com", "a.b.pools.example.com"]
)
def test_nobody_takes_the_names_of_the_installation(database, name):
    house = World(database, public_url="https://id.example.com", domain_suffix="pools.example.com")
    sign_by(house.clock)
    with refused("One or more of the CNAMEs that you provided are already associated with a different resource"):
        house.idp.create_user_pool_domain(Domain=name, UserPoolId=house.pool(), **CUSTOM)
    house.close()


@pytest.mark.parametrize(
    "arn",
    [
        ARN.replace("us-east-1", "eu-west-1"),
        ARN.replace(":acm:", ":iam:"),
        ARN.replace("certificate/", "key/"),
        "arn:aws:acm:us-east-1:123456789012:certificate/",
    ],
)
def test_what_is_no_certificate_is_refused(idp, pool_id, arn):
    with refused("The specified SSL certificate doesn't exist"):
        idp.create_user_pool_domain(
            Domain="login.example.com", UserPoolId=pool_id, CustomDomainConfig={"CertificateArn": arn}
        )


def test_what_does_not_fit_is_refused(idp, pool_id):
    with refused("ManagedLoginVersion must be 1 or 2."):
        idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id, ManagedLoginVersion=3)
    with refused("User pool us-east-1_nobody000 does not exist.", "ResourceNotFoundException"):
        idp.create_user_pool_domain(Domain="acme", UserPoolId="us-east-1_nobody000")
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    with refused("CustomDomainConfig cannot be set for a prefix domain."):
        idp.update_user_pool_domain(Domain="acme", UserPoolId=pool_id, **CUSTOM)


def test_each_change_is_told(house, idp, pool_id):
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    idp.update_user_pool_domain(Domain="acme", UserPoolId=pool_id, ManagedLoginVersion=2)
    idp.delete_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    with house.database.read() as tx:
        told = [
            (each.kind, each.body["names"])
            for each in events.page_of_pool(tx, pool_id, after="", before="~", limit=10)
            if "domain" in each.kind
        ]
    assert told == [("domain_created", ["acme"]), ("domain_changed", ["acme"]), ("domain_deleted", ["acme"])]


def test_the_domains_of_a_pool_are_read_anew_when_they_changed(house, idp, pool_id):
    def names():
        with house.database.read() as tx:
            pool = pools.find(tx, pool_id)
            return [each.domain for each in domains.of_pool(tx, pool)]

    assert names() == []
    idp.create_user_pool_domain(Domain="acme", UserPoolId=pool_id)
    assert names() == ["acme"]
