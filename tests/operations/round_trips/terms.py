"""Terms of use and privacy policies."""

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns, differences

LANGUAGES = [
    "default",
    "dutch",
    "english",
    "french",
    "spanish",
    "german",
    "bahasa-indonesia",
    "italian",
    "japanese",
    "korean",
    "portuguese-brazil",
    "chinese-simplified",
    "chinese-traditional",
]
LINKS = Turns(
    (
        {f"cognito:{language}": f"https://example.com/{language}/terms" for language in LANGUAGES},
        {f"cognito:{language}": f"https://example.org/{language}/privacy" for language in LANGUAGES[:2]},
    )
)


@story("CreateTerms", "DescribeTerms", "DescribeTermsByClient", "UpdateTerms", "DeleteTerms", "ListTerms")
def terms(asker: Asker) -> None:
    pool_id = asker.house.pool()
    client_id = asker.house.app(pool_id)["ClientId"]
    own, client = {"UserPoolId": pool_id}, {"UserPoolId": pool_id, "ClientId": client_id}
    examples = {**client, "TermsName": Turns(("terms-of-use", "privacy-policy")), "Links": LINKS}
    made, told = asker.ask_all("CreateTerms", examples)
    named = {**own, "TermsId": told["Terms"]["TermsId"]}
    assert differences(made, told["Terms"]) == []
    assert asker.ask("DescribeTerms", **named)["Terms"] == told["Terms"]
    assert asker.ask("DescribeTermsByClient", **client, TermsName="terms-of-use")["Terms"] == told["Terms"]

    asker.house.clock.advance(seconds=1)
    changed, told = asker.ask_all("UpdateTerms", {**examples, **named}, turn=1)
    assert differences({**changed, **client}, told["Terms"]) == []
    assert told["Terms"]["LastModifiedDate"] > told["Terms"]["CreationDate"]
    assert told["Terms"]["Links"] == changed["Links"]
    assert asker.ask("DescribeTerms", **named)["Terms"] == told["Terms"]
    assert asker.ask("DescribeTermsByClient", **client, TermsName="privacy-policy")["Terms"] == told["Terms"]
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        asker.ask("DescribeTermsByClient", **client, TermsName="terms-of-use")
    kept = asker.ask("UpdateTerms", **named)["Terms"]
    assert kept == told["Terms"]

    other = asker.ask_all("CreateTerms", examples)[1]["Terms"]
    page = asker.ask("ListTerms", **own, MaxResults=1)
    rest = asker.ask("ListTerms", **own, MaxResults=1, NextToken=page["NextToken"])
    assert "NextToken" not in rest
    listed = {each["TermsId"]: each for each in page["Terms"] + rest["Terms"]}
    assert set(listed) == {kept["TermsId"], other["TermsId"]}
    assert differences(listed[kept["TermsId"]], kept) == []

    asker.ask("DeleteTerms", **named)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        asker.ask("DescribeTerms", **named)
    assert [each["TermsId"] for each in asker.ask("ListTerms", **own)["Terms"]] == [other["TermsId"]]
