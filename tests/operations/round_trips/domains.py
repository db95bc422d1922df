"""Domains of user pools."""

from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import LEFT_OUT, Turns, differences

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/{}"


@story("CreateUserPoolDomain", "DescribeUserPoolDomain", "UpdateUserPoolDomain", "DeleteUserPoolDomain")
def domains(asker: Asker) -> None:
    pool_id = asker.house.pool()
    custom = {
        "UserPoolId": pool_id,
        "Domain": "login.example.com",
        "CertificateArn": Turns((CERTIFICATE.format("one"), CERTIFICATE.format("two"))),
        "SecondaryRegion": Turns(("eu-west-1", "eu-west-2")),
    }
    prefix = {**custom, "Domain": "people", "CustomDomainConfig": LEFT_OUT}
    for member, examples in (("CustomDomain", custom), ("Domain", prefix)):
        _there_and_gone(asker, member, examples)


def _there_and_gone(asker: Asker, member: str, examples: dict[str, object]) -> None:
    def told() -> dict[str, object]:
        described: dict[str, object] = asker.ask("DescribeUserPoolDomain", Domain=named["Domain"])["DomainDescription"]
        return described

    named = {name: examples[name] for name in ("UserPoolId", "Domain")}
    made, answer = asker.ask_all("CreateUserPoolDomain", examples)
    _is_told(made, answer, told())
    pool = asker.house.idp.describe_user_pool(UserPoolId=named["UserPoolId"])["UserPool"]
    assert pool[member] == named["Domain"]

    changed, answer = asker.ask_all("UpdateUserPoolDomain", examples, turn=1)
    _is_told(changed, answer, told())
    before = told()
    asker.ask("UpdateUserPoolDomain", **named)
    assert differences(changed, told()) == []
    assert {**told(), "Version": before["Version"]} == before

    asker.ask("DeleteUserPoolDomain", **named)
    assert told() == {}
    assert member not in asker.house.idp.describe_user_pool(UserPoolId=named["UserPoolId"])["UserPool"]


def _is_told(asked: dict[str, object], answer: dict[str, object], told: dict[str, object]) -> None:
    assert differences(asked, told) == []
    assert told["Status"] == "ACTIVE"
    assert answer.get("CloudFrontDomain") == told.get("CloudFrontDistribution")
    assert differences({name: asked[name] for name in ("ManagedLoginVersion", "Routing")}, answer) == []
