import pytest
from tests.fakes import BEGINNING
from tests.metadata import CERTIFICATE, REDIRECT, SLO, SSO, certificate, key, metadata

from lido.rules.saml_metadata import LONGEST, Invalid, read


def test_the_entity_its_redirect_bindings_and_certificates_are_read():
    logout = SLO.format("Redirect", "https://idp.example.com/slo")
    found = read(metadata(SSO.format("POST", "https://idp.example.com/post"), REDIRECT, logout), BEGINNING)
    assert found.entity_id == "https://idp.example.com/saml"
    assert (found.sso_url, found.slo_url) == ("https://idp.example.com/sso", "https://idp.example.com/slo")
    assert found.certificates == (CERTIFICATE,)


def test_a_key_for_encryption_verifies_nothing_and_one_without_use_does():
    other = certificate(days=100)
    keys = key(other, ' use="encryption"') + key(CERTIFICATE, "")
    assert read(metadata(keys=keys), BEGINNING).certificates == (CERTIFICATE,)


def test_of_several_entities_the_first_identity_provider_counts():
    first, second = metadata(), metadata(entity="https://other.example.com")
    inside = [text.partition("?>")[2] for text in (first, second)]
    service = '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="urn:sp"><SPSSODescriptor/>'
    several = f'<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">{service}</EntityDescriptor>'
    several += "".join(inside) + "</EntitiesDescriptor>"
    found = read(several, BEGINNING)
    assert found.entity_id == "https://idp.example.com/saml"
    assert len(found.certificates) == 1


LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    '<EntityDescriptor entityID="&b;" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"/>'
)
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "well-formed"),
        ("<EntityDescriptor", "well-formed"),
        (metadata()[:-5], "well-formed"),
        ("<x>&a;</x>", "well-formed"),
        (LAUGHS, "document type"),
        (FILE, "document type"),
        ('<!DOCTYPE x SYSTEM "http://169.254.169.254/x.dtd"><x/>', "document type"),
        ("<x/>", "IDPSSODescriptor"),
        (metadata(SSO.format("POST", "https://idp.example.com/post")), "HTTP-Redirect"),
        (metadata(keys=""), "certificate"),
        (metadata(keys=key(certificate(days=-1))), "expired"),
        (metadata(keys=key("AAAA")), "cannot be read"),
        (metadata(keys=key("not base64")), "cannot be read"),
        (metadata(keys=key("A" * 4097)), "more than 4096"),
        (metadata(keys=key() * 21), "too many certificates"),
        (metadata(entity=""), "entityID"),
        (metadata(entity="e" * 1025), "entityID"),
        (metadata(SSO.format("Redirect", "javascript:alert(1)")), "valid URL"),
        (metadata(SSO.format("Redirect", "https://idp.example.com:x/")), "valid URL"),
        (metadata(REDIRECT, SLO.format("Redirect", "file:///etc/passwd")), "valid URL"),
        ("<x>" * 65 + "</x>" * 65, "too large"),
        ("<x>" + "<y/>" * 10_000 + "</x>", "too large"),
        ("<x>" + " " * LONGEST + "</x>", "too long"),
    ],
)
def test_what_is_not_usable_or_not_safe_is_refused(text, why):
    with pytest.raises(Invalid, match=why):
        read(text, BEGINNING)


def test_the_encoding_that_a_document_claims_changes_nothing():
    claimed = metadata().replace("UTF-8", "UTF-7")
    assert read(claimed, BEGINNING).entity_id == "https://idp.example.com/saml"
