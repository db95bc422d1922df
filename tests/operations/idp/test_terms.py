from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from tests.pages import Browser, oauth_app

from lido.storage import events

LINKS = {"cognito:default": "https://example.com/terms", "cognito:german": "https://example.com/de/agb"}
NO_ID = "00000000-0000-4000-8000-000000000000"


def refused(code, sentence=""):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


class App:
    def __init__(self, house):
        self.idp = house.idp
        self.pool_id = house.pool()
        self.client_id = oauth_app(house, self.pool_id)["ClientId"]

    def create(self, name="terms-of-use", links=LINKS, client_id=None):
        return self.idp.create_terms(
            UserPoolId=self.pool_id,
            ClientId=client_id or self.client_id,
            TermsName=name,
            TermsSource="LINK",
            Enforcement="NONE",
            **({"Links": links} if links else {}),
        )["Terms"]

    def describe(self, terms_id):
        return self.idp.describe_terms(UserPoolId=self.pool_id, TermsId=terms_id)["Terms"]

    def by_client(self, name="terms-of-use"):
        return self.idp.describe_terms_by_client(UserPoolId=self.pool_id, ClientId=self.client_id, TermsName=name)[
            "Terms"
        ]

    def update(self, terms_id, **changes):
        return self.idp.update_terms(UserPoolId=self.pool_id, TermsId=terms_id, **changes)["Terms"]


@pytest.fixture
def app(house):
    return App(house)


def test_terms_are_described_as_they_were_created(house, app):
    made = app.create()
    assert {name: made[name] for name in made if name not in {"TermsId", "CreationDate", "LastModifiedDate"}} == {
        "UserPoolId": app.pool_id,
        "ClientId": app.client_id,
        "TermsName": "terms-of-use",
        "TermsSource": "LINK",
        "Enforcement": "NONE",
        "Links": LINKS,
    }
    assert app.describe(made["TermsId"]) == made
    assert app.by_client() == made


def test_an_update_changes_what_is_sent_and_replaces_the_links_together(house, app):
    made = app.create()
    house.clock.advance(seconds=60)
    renamed = app.update(made["TermsId"], TermsName="privacy-policy")
    assert (renamed["TermsName"], renamed["Links"]) == ("privacy-policy", LINKS)
    assert renamed["CreationDate"] == made["CreationDate"] < renamed["LastModifiedDate"]
    other = {"cognito:default": "https://example.com/other"}
    assert app.update(made["TermsId"], Links=other)["Links"] == other
    assert app.describe(made["TermsId"])["Links"] == other


def test_a_client_has_each_document_once(app):
    app.create()
    with refused("TermsExistsException"):
        app.create()
    privacy = app.create("privacy-policy")
    with refused("TermsExistsException"):
        app.update(privacy["TermsId"], TermsName="terms-of-use")
    assert app.by_client("privacy-policy") == privacy


@pytest.mark.parametrize(
    "links",
    [
        None,
        {"cognito:english": "https://example.com/"},
        {"cognito:default": "javascript:alert(1)"},
        {"cognito:default": "data:text/html,x"},
        {"cognito:default": "https://"},
        {"cognito:default": "//example.com"},
        {"cognito:default": "https://[::1"},
        {"cognito:default": "https:\\\\example.com"},
        {"cognito:default": "https://example.com", "cognito:klingon": "https://example.com"},
        {"cognito:default": "https://example.com/" + "a" * 1024},
        {"cognito:default": "https://example.com/a b"},
    ],
)
def test_links_that_no_page_may_show_are_refused(app, links):
    with refused("InvalidParameterException"):
        app.create(links=links)


def test_what_is_gone_is_not_found(house, app):
    made = app.create()
    app.idp.delete_terms(UserPoolId=app.pool_id, TermsId=made["TermsId"])
    with refused("ResourceNotFoundException"):
        app.describe(made["TermsId"])
    with refused("ResourceNotFoundException"):
        app.by_client()
    for operation in (app.idp.delete_terms, app.idp.describe_terms, app.idp.update_terms):
        with refused("ResourceNotFoundException"):
            operation(UserPoolId=app.pool_id, TermsId=NO_ID)
    with refused("ResourceNotFoundException"):
        app.create(client_id="a" * 26)


def test_another_pool_s_terms_are_nobody_s(house, app):
    made, other = app.create(), house.pool()
    with refused("ResourceNotFoundException"):
        app.idp.describe_terms(UserPoolId=other, TermsId=made["TermsId"])
    with refused("ResourceNotFoundException"):
        app.idp.delete_terms(UserPoolId=other, TermsId=made["TermsId"])


def test_a_deleted_client_s_terms_go_with_it(app):
    made = app.create()
    app.idp.delete_user_pool_client(UserPoolId=app.pool_id, ClientId=app.client_id)
    with refused("ResourceNotFoundException"):
        app.describe(made["TermsId"])


def test_terms_are_listed_in_pages_and_capped(house, app):
    clients = [house.app(app.pool_id)["ClientId"] for _ in range(20)]
    made = [app.create(name, client_id=each) for each in clients for name in ("terms-of-use", "privacy-policy")]
    with refused("LimitExceededException", "40"):
        app.create()
    first = app.idp.list_terms(UserPoolId=app.pool_id, MaxResults=30)
    rest = app.idp.list_terms(UserPoolId=app.pool_id, MaxResults=30, NextToken=first["NextToken"])
    assert "NextToken" not in rest
    listed = first["Terms"] + rest["Terms"]
    assert sorted(each["TermsId"] for each in made) == [each["TermsId"] for each in listed]
    assert set(listed[0]) == {"TermsId", "TermsName", "Enforcement", "CreationDate", "LastModifiedDate"}


def test_of_many_who_create_the_same_at_once_one_does(house, app):
    def attempt(_):
        try:
            return bool(app.create())
        except ClientError as refusal:
            return refusal.response["Error"]["Code"]

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(attempt, range(4)))
    assert sorted(map(str, outcomes)) == ["TermsExistsException"] * 3 + ["True"]


def test_the_sign_up_page_links_both_documents_once_both_are_there(house, app):
    browser = Browser(house, app.pool_id, app.client_id)
    sentence = "By signing up, you agree to our Terms of use and Privacy policy."
    app.create()
    assert sentence not in browser.open("signup").words
    privacy = {"cognito:default": 'https://example.com/p?a="><script>', "cognito:english": "https://example.com/en"}
    made = app.create("privacy-policy", links=privacy)
    page = browser.open("signup").page
    assert sentence in page.words
    assert page.links["Terms of use"] == "https://example.com/terms"
    assert page.links["Privacy policy"] == "https://example.com/en"
    app.update(made["TermsId"], Links={"cognito:default": privacy["cognito:default"]})
    page = browser.open("signup").page
    assert page.links["Privacy policy"] == privacy["cognito:default"]
    assert not any(tag == "script" for tag, _ in page.tags)
    app.idp.delete_terms(UserPoolId=app.pool_id, TermsId=made["TermsId"])
    assert sentence not in browser.open("signup").words


def test_each_change_is_told(house, app):
    made = app.create()
    app.update(made["TermsId"], Links=LINKS)
    app.idp.delete_terms(UserPoolId=app.pool_id, TermsId=made["TermsId"])
    with house.lido.database.read() as tx:
        told = [each.body for each in events.page_of_pool(tx, app.pool_id, after="", before="~", limit=100)]
    deeds = [(each["operation"], each["client_id"]) for each in told if each.get("names") == ["terms-of-use"]]
    assert deeds == [(name, app.client_id) for name in ("CreateTerms", "UpdateTerms", "DeleteTerms")]
