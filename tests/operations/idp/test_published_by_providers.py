"""What identity providers publish about themselves, asked for when they are configured; and where nobody looks."""

import json
import threading

import pytest
from botocore.exceptions import ClientError
from tests.metadata import metadata
from tests.receivers import receiving, say

from lido.ports.documents import PublishedDocuments, Unobtainable
from lido.ports.outgoing import Outgoing
from lido.rules.saml_metadata import LONGEST

SECRET = "secret of a private network"
DISCOVERY = "/.well-known/openid-configuration"


def refused(sentence):
    return pytest.raises(ClientError, match=rf"\(InvalidParameterException\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def receiver(tmp_path):
    with receiving(tmp_path) as receiver:
        yield receiver


@pytest.fixture
def trusting(house, receiver):
    """The house may reach this machine, and trusts the receiver's authority."""
    out = Outgoing(("127.0.0.0/8",), authority=receiver.authority)
    house.lido.documents = PublishedDocuments(out, waiting=2)
    yield house
    out.close()


@pytest.fixture
def create(idp, pool_id):
    def create(kind, **details):
        if kind == "OIDC":
            details = {
                "client_id": "id",
                "client_secret": "secret",
                "authorize_scopes": "openid",
                "attributes_request_method": "GET",
                **details,
            }
        answer = idp.create_identity_provider(
            UserPoolId=pool_id, ProviderName="Corporate", ProviderType=kind, ProviderDetails=details
        )
        return answer["IdentityProvider"]["ProviderDetails"]

    return create


def issuer(receiver):
    return receiver.url("/realm", "localhost")


def document(receiver, **changes):
    names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
    told = {"issuer": issuer(receiver), **{name: f"{issuer(receiver)}/{name}" for name in names}, **changes}
    return json.dumps({name: value for name, value in told.items() if value is not None}).encode()


def answering(receiver, body, status=200, **headers):
    receiver.answer = lambda handler, posted: say(handler, body, status, **headers)


def test_the_discovery_document_of_an_issuer_is_looked_at_and_not_shown(trusting, receiver, create):
    answering(receiver, document(receiver))
    shown = create("OIDC", oidc_issuer=issuer(receiver))
    assert [posted.path for posted in receiver.posted] == [f"/realm{DISCOVERY}"]
    assert not {"authorize_url", "token_url", "attributes_url", "jwks_uri"} & set(shown)
    assert shown["oidc_issuer"] == issuer(receiver)


def test_an_issuer_may_end_with_a_slash_in_its_own_words(trusting, receiver, create):
    answering(receiver, document(receiver, issuer=f"{issuer(receiver)}/"))
    create("OIDC", oidc_issuer=issuer(receiver))


def test_nobody_is_asked_where_every_address_is_given(trusting, receiver, create):
    given = {
        name: issuer(receiver) for name in ("authorize_url", "token_url", "attributes_url", "jwks_uri", "oidc_issuer")
    }
    assert {name: value for name, value in create("OIDC", **given).items() if name in given} == given
    assert receiver.posted == []


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://elsewhere.example.com"},
        {"issuer": None},
        {"token_endpoint": None},
        {"jwks_uri": "http://op.example.com/jwks"},
        {"authorization_endpoint": ["https://op.example.com"]},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
def test_a_document_that_is_not_the_issuers_or_not_whole_is_refused(trusting, receiver, create, changes):
    answering(receiver, document(receiver, **changes))
    with refused("is not that of the issuer"):
        create("OIDC", oidc_issuer=issuer(receiver))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 200),
        (b"<html>", 200),
        (b"\xff\xfe", 200),
        (b"[" * 100_000, 200),
        (b'{"a":"' + b"x" * 300_000 + b'"}', 200),
        (SECRET.encode(), 200),
        (b"{}", 404),
        (b"{}", 500),
    ],
)
def test_an_answer_that_is_no_document_is_not_repeated(trusting, receiver, create, body, status):
    answering(receiver, body, status)
    with refused("Unable to contact well-known endpoint") as raised:
        create("OIDC", oidc_issuer=issuer(receiver))
    assert SECRET not in str(raised.value)


def test_a_redirect_is_not_followed(trusting, receiver, create):
    answering(receiver, b"", 302, location=receiver.url("/elsewhere"))
    with refused("Unable to contact well-known endpoint"):
        create("OIDC", oidc_issuer=issuer(receiver))
    assert [posted.path for posted in receiver.posted] == [f"/realm{DISCOVERY}"]


def test_metadata_are_read_from_an_address(trusting, receiver, create):
    answering(receiver, metadata().encode())
    url = receiver.url("/metadata", "localhost")
    shown = create("SAML", MetadataURL=url)
    assert shown["MetadataURL"] == url
    assert shown["SSORedirectBindingURI"] == "https://idp.example.com/sso"
    assert "MetadataFile" not in shown


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{}", 404, "Error retrieving metadata from https://localhost"),
        (b"\xff\xfe\xff", 200, "Error retrieving metadata from https://localhost"),
        (b"<x>" + b" " * LONGEST + b"</x>", 200, "Error retrieving metadata from https://localhost"),
        (SECRET.encode(), 200, "Invalid SAML metadata: it is not well-formed XML"),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', 200, "a document type is not allowed"),
    ],
)
def test_metadata_that_are_none_are_refused_and_not_repeated(trusting, receiver, create, body, status, sentence):
    answering(receiver, body, status)
    with refused(sentence) as raised:
        create("SAML", MetadataURL=receiver.url("/metadata", "localhost"))
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"],
)
def test_private_destinations_are_not_asked_unless_the_installation_allows_it(create, receiver, host):
    port = receiver.server_port
    with refused("Unable to contact well-known endpoint"):
        create("OIDC", oidc_issuer=f"https://{host}:{port}")
    for scheme in ("https", "http"):
        with refused("Error retrieving metadata from"):
            create("SAML", MetadataURL=f"{scheme}://{host}:{port}/metadata")
    assert receiver.posted == []
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "gopher://127.0.0.1:25/",
        "https://user@example.com/",
        "metadata",
        "//x",
    ],
)
def test_what_is_no_address_is_not_asked(create, url):
    with refused("Error retrieving metadata from"):
        create("SAML", MetadataURL=url)


def test_nothing_is_asked_for_a_pool_or_a_name_that_cannot_be(trusting, idp, receiver, create):
    answering(receiver, metadata().encode())
    details = {"MetadataURL": receiver.url("/metadata", "localhost")}
    create("SAML", **details)
    asked = len(receiver.posted)
    for pool_id, name in (("us-east-1_nobodyhere", "Other"), ("us-east-1_nobodyhere", "COGNITO")):
        with pytest.raises(ClientError):
            idp.create_identity_provider(
                UserPoolId=pool_id, ProviderName=name, ProviderType="SAML", ProviderDetails=details
            )
    with pytest.raises(ClientError, match="DuplicateProviderException"):
        create("SAML", **details)
    assert len(receiver.posted) == asked


def test_documents_are_never_asked_for_while_a_transaction_is_open(house):
    with house.database.read(), pytest.raises(RuntimeError):
        house.lido.documents.fetch("https://op.example.com", accept="*/*", limit_bytes=1)


def test_those_who_wait_for_slow_addresses_are_few(receiver):
    is_asked, goes_on = threading.Event(), threading.Event()

    def slow(handler, posted):
        is_asked.set()
        goes_on.wait(10)
        say(handler)

    receiver.answer = slow
    documents = PublishedDocuments(Outgoing(("127.0.0.0/8",), authority=receiver.authority), waiting=1)
    url = receiver.url("/", "localhost")
    first = threading.Thread(target=lambda: documents.fetch(url, accept="*/*", limit_bytes=100))
    first.start()
    assert is_asked.wait(10)
    with pytest.raises(Unobtainable):
        documents.fetch(url, accept="*/*", limit_bytes=100)
    goes_on.set()
    first.join()
    receiver.answer = lambda handler, posted: say(handler)
    assert documents.fetch(url, accept="*/*", limit_bytes=100) == b"{}"
