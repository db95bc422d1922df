import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from cryptography import x509
from tests.metadata import REDIRECT, SLO, metadata

from lido.rules.sealing import Unsealable
from lido.storage import events, identity_providers, saml_certificates

GOOGLE = {"client_id": "g-id", "client_secret": "g-secret", "authorize_scopes": "email profile openid"}
ENDPOINTS = {
    "authorize_url": "https://op.example.com/authorize",
    "token_url": "https://op.example.com/token",
    "attributes_url": "https://op.example.com/userinfo",
    "jwks_uri": "https://op.example.com/jwks",
}
OIDC = {
    "client_id": "o-id",
    "client_secret": "o-secret",
    "authorize_scopes": "openid email",
    "oidc_issuer": "https://op.example.com",
    "attributes_request_method": "GET",
    **ENDPOINTS,
}
APPLE = {"client_id": "a", "team_id": "T", "key_id": "K", "private_key": "MIIpkcs8", "authorize_scopes": "email name"}
DETAILS = {
    "Google": GOOGLE,
    "Facebook": {**GOOGLE, "api_version": "v19.0", "authorize_scopes": "public_profile, email"},
    "LoginWithAmazon": {**GOOGLE, "authorize_scopes": "profile postal_code"},
    "SignInWithApple": APPLE,
    "OIDC": OIDC,
    "SAML": {"MetadataFile": metadata(), "IDPSignout": "true"},
}
DERIVED = {
    "Google": {
        "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "oidc_issuer": "https://accounts.google.com",
        "token_request_method": "POST",
        "token_url": "https://www.googleapis.com/oauth2/v4/token",
    },
    "Facebook": {
        "attributes_url": "https://graph.facebook.com/v19.0/me?fields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://www.facebook.com/v19.0/dialog/oauth",
        "token_request_method": "GET",
        "token_url": "https://graph.facebook.com/v19.0/oauth/access_token",
    },
    "LoginWithAmazon": {
        "attributes_url": "https://api.amazon.com/user/profile",
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://www.amazon.com/ap/oa",
        "token_request_method": "POST",
        "token_url": "https://api.amazon.com/auth/o2/token",
    },
    "SignInWithApple": {
        "attributes_url_add_attributes": "false",
        "authorize_url": "https://appleid.apple.com/auth/authorize",
        "oidc_issuer": "https://appleid.apple.com",
        "token_request_method": "POST",
        "token_url": "https://appleid.apple.com/auth/token",
    },
    "OIDC": {"attributes_url_add_attributes": "false"},
}
USERNAME = {"Google": "sub", "Facebook": "id", "LoginWithAmazon": "user_id", "SignInWithApple": "sub", "OIDC": "sub"}


def refused(sentence, code="InvalidParameterException"):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


@pytest.fixture
def pool_id(house):
    return house.pool()


@pytest.fixture
def create(idp, pool_id):
    def create(kind, name=None, details=None, **members):
        name = name or (kind if kind not in ("OIDC", "SAML") else "Corporate")
        given = {"ProviderDetails": DETAILS[kind] if details is None else details, **members}
        answer = idp.create_identity_provider(UserPoolId=pool_id, ProviderName=name, ProviderType=kind, **given)
        return answer["IdentityProvider"]

    return create


@pytest.fixture
def described(idp, pool_id):
    def described(name):
        return idp.describe_identity_provider(UserPoolId=pool_id, ProviderName=name)["IdentityProvider"]

    return described


def told(house, pool_id):
    with house.database.read() as tx:
        return [event.kind for event in events.page_of_pool(tx, pool_id, after="", before="~", limit=1000)]


@pytest.mark.parametrize("kind", list(USERNAME))
def test_a_provider_is_described_as_sent_with_what_its_type_implies(create, described, pool_id, kind):
    members = {"AttributeMapping": {"email": "email"}, "IdpIdentifiers": ["example.com", "Our IdP"]}
    if kind == "OIDC":
        members["AcrMapping"] = {"Level1": "urn:one", "Level2": "urn:two"}
    created = create(kind, **members)
    shown = described(created["ProviderName"])
    assert shown == created
    assert shown["ProviderDetails"] == DETAILS[kind] | DERIVED[kind]
    assert shown["AttributeMapping"] == {"email": "email", "username": USERNAME[kind]}
    assert {name: shown[name] for name in members if name != "AttributeMapping"} == {
        name: value for name, value in members.items() if name != "AttributeMapping"
    }
    assert (shown["UserPoolId"], shown["ProviderType"]) == (pool_id, kind)
    assert shown["CreationDate"] == shown["LastModifiedDate"]


def test_what_nobody_sent_is_not_described(create):
    assert not {"IdpIdentifiers", "AcrMapping"} & set(create("OIDC"))
    assert not {"IdpIdentifiers", "AcrMapping", "AttributeMapping"} & set(create("SAML", "Another"))


def test_a_saml_provider_shows_what_its_metadata_say_and_a_certificate_to_encrypt_for(create, described):
    text = metadata(REDIRECT, SLO.format("Redirect", "https://idp.example.com/slo"))
    details = {
        "MetadataFile": text,
        "IDPSignout": "true",
        "IDPInit": "false",
        "EncryptedResponses": "true",
        "RequestSigningAlgorithm": "rsa-sha256",
    }
    create("SAML", details=details, AttributeMapping={"email": "http://schemas.example.com/email"})
    shown = dict(described("Corporate")["ProviderDetails"])
    certificate = x509.load_der_x509_certificate(base64.b64decode(shown.pop("ActiveEncryptionCertificate")))
    assert certificate.public_key().key_size == 2048
    assert shown == {
        **details,
        "SSORedirectBindingURI": "https://idp.example.com/sso",
        "SLORedirectBindingURI": "https://idp.example.com/slo",
    }
    assert described("Corporate")["AttributeMapping"] == {"email": "http://schemas.example.com/email"}


def test_what_was_described_can_be_sent_again(create, described, idp, pool_id):
    for kind in DETAILS:
        name = create(kind, "Saml" if kind == "SAML" else None)["ProviderName"]
        shown = described(name)
        again = {member: shown[member] for member in ("ProviderDetails", "AttributeMapping") if member in shown}
        idp.update_identity_provider(UserPoolId=pool_id, ProviderName=name, **again)
        assert described(name)["ProviderDetails"] == shown["ProviderDetails"]
        assert described(name).get("AttributeMapping") == shown.get("AttributeMapping")


def test_an_update_replaces_what_is_sent_as_a_whole_and_leaves_the_rest(house, idp, pool_id, create, described):
    created = create("Google", AttributeMapping={"email": "email", "name": "name"}, IdpIdentifiers=["one", "two"])
    house.clock.advance(seconds=60)
    idp.update_identity_provider(
        UserPoolId=pool_id, ProviderName="Google", AttributeMapping={"email": "mail"}, IdpIdentifiers=["two", "three"]
    )
    shown = described("Google")
    assert shown["AttributeMapping"] == {"email": "mail", "username": "sub"}
    assert shown["IdpIdentifiers"] == ["two", "three"]
    assert shown["ProviderDetails"] == created["ProviderDetails"]
    assert shown["LastModifiedDate"] - shown["CreationDate"] == timedelta(seconds=60)
    other = {**GOOGLE, "client_id": "other", "client_secret": "another"}
    answer = idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Google", ProviderDetails=other)
    assert answer["IdentityProvider"] == described("Google")
    assert described("Google")["ProviderDetails"] == other | DERIVED["Google"]
    assert described("Google")["IdpIdentifiers"] == ["two", "three"]
    assert told(house, pool_id)[-3:] == ["provider_created", "provider_changed", "provider_changed"]


def test_a_change_keeps_the_certificate_that_others_encrypt_for(idp, pool_id, create, described):
    before = create("SAML")["ProviderDetails"]["ActiveEncryptionCertificate"]
    other = {"MetadataFile": metadata(entity="https://new.example.com"), "EncryptedResponses": "true"}
    idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Corporate", ProviderDetails=other)
    shown = described("Corporate")["ProviderDetails"]
    assert shown["ActiveEncryptionCertificate"] == before
    assert "IDPSignout" not in shown


def test_an_identifier_leads_to_its_provider_alone(idp, pool_id, create):
    def named(identifier):
        answer = idp.get_identity_provider_by_identifier(UserPoolId=pool_id, IdpIdentifier=identifier)
        return answer["IdentityProvider"]["ProviderName"]

    create("Google", IdpIdentifiers=["example.com"])
    create("OIDC", IdpIdentifiers=["example.org"])
    assert (named("example.com"), named("example.org")) == ("Google", "Corporate")
    for identifier in ("Google", "example.net"):
        with refused(f"Identity provider {identifier} does not exist.", "ResourceNotFoundException"):
            named(identifier)
    with refused("already in use", "DuplicateProviderException"):
        create("SAML", "Third", IdpIdentifiers=["free", "example.org"])
    with refused("already in use"):
        idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Google", IdpIdentifiers=["example.org"])
    with refused("must be unique"):
        create("SAML", "Third", IdpIdentifiers=["same", "same"])
    assert named("example.com") == "Google"
    idp.delete_identity_provider(UserPoolId=pool_id, ProviderName="Corporate")
    create("SAML", "Third", IdpIdentifiers=["free", "example.org"])
    assert named("example.org") == "Third"


def test_a_name_is_taken_once_in_a_pool(house, idp, pool_id, create):
    create("OIDC")
    with refused(f"Corporate already exists in user pool {pool_id}", "DuplicateProviderException"):
        create("SAML")
    create("OIDC", "corporate")
    other = house.pool()
    idp.create_identity_provider(UserPoolId=other, ProviderName="Corporate", ProviderType="OIDC", ProviderDetails=OIDC)


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("Google", "Googol", "Provider Googol cannot be of type Google."),
        ("OIDC", "Google", "Provider Google cannot be of type OIDC."),
        ("SAML", "Facebook", "Provider Facebook cannot be of type SAML."),
        ("OIDC", "COGNITO", "reserved"),
        ("OIDC", "Cognito", "reserved"),
        ("OIDC", "_it", "failed to satisfy constraint"),
        ("OIDC", "ab", "failed to satisfy constraint"),
        ("OIDC", "a b", "failed to satisfy constraint"),
        ("OIDC", "abc\x1b", "not allowed"),
    ],
)
def test_names_that_a_provider_cannot_have_are_refused(create, kind, name, sentence):
    with refused(f"({sentence})"):
        create(kind, name)


NEEDED = "clientId, clientSecret and authorizeScopes are all required idp details."
NEEDED_OF_OIDC = "clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."
NEEDED_OF_APPLE = "clientId, privateKey, teamId, and keyId are all required idp details."


@pytest.mark.parametrize(
    ("kind", "missing", "sentence"),
    [
        *((kind, name, NEEDED) for kind in ("Google", "Facebook", "LoginWithAmazon") for name in GOOGLE),
        *(("SignInWithApple", name, NEEDED_OF_APPLE) for name in APPLE if name != "authorize_scopes"),
        *(
            ("OIDC", name, NEEDED_OF_OIDC)
            for name in ("client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method")
        ),
        ("SAML", "MetadataFile", "At least one of the MetadataURL or MetadataFile should be provided."),
    ],
)
def test_details_that_a_type_needs_must_be_there_and_not_empty(create, idp, pool_id, kind, missing, sentence):
    for value in ({}, {missing: ""}):
        details = {name: given for name, given in DETAILS[kind].items() if name != missing} | value
        with refused(sentence):
            create(kind, details=details)


@pytest.mark.parametrize(
    ("kind", "wrong", "sentence"),
    [
        ("SAML", {"MetadataURL": "https://idp.example.com/m"}, "Only one of the MetadataURL or MetadataFile"),
        ("SAML", {"IDPSignout": "yes"}, "IDPSignout must be true or false"),
        ("SAML", {"RequestSigningAlgorithm": "rsa-sha1"}, "RequestSigningAlgorithm must be rsa-sha256"),
        ("SAML", {"client_id": "x"}, "client_id is not supported for SAML"),
        ("SAML", {"MetadataFile": "<x/>"}, "Invalid SAML metadata"),
        ("SAML", {"MetadataFile": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}, "document type"),
        ("OIDC", {"oidc_issuer": "http://op.example.com"}, "OIDC endpoint must start with https://"),
        ("OIDC", {"token_url": "ftp://op.example.com"}, "OIDC endpoint must start with https://"),
        ("OIDC", {"jwks_uri": "https://[op"}, "is not a valid URL"),
        ("OIDC", {"jwks_uri": "https://op.example.com/a b"}, "is not a valid URL"),
        ("OIDC", {"jwks_uri": "https://op.example.com\\@evil.example.com"}, "is not a valid URL"),
        ("OIDC", {"token_url": "https://op.example.com/\u2028x"}, "is not a valid URL"),
        ("OIDC", {"token_url": "https://op.example.com/" + "x" * 2048}, "is not a valid URL"),
        ("SAML", {"MetadataFile": "", "MetadataURL": "https://idp.example.com/" + "x" * 2048}, "is too long"),
        ("OIDC", {"attributes_request_method": "PUT"}, "attributes_request_method must be GET or POST"),
        ("OIDC", {"team_id": "x"}, "team_id is not supported for OIDC"),
        ("Google", {"api_version": "v1.0"}, "api_version is not supported for Google"),
        ("Facebook", {"api_version": "v1.0/../x"}, "api_version must be"),
        ("Google", {"token_url": "javascript:alert(1)"}, "OIDC endpoint must start with https://"),
        ("LoginWithAmazon", {"attributes_url_add_attributes": "1"}, "must be true or false"),
    ],
)
def test_details_that_are_wrong_are_refused(create, kind, wrong, sentence):
    with refused(sentence):
        create(kind, details=DETAILS[kind] | wrong)


def test_a_mapping_is_onto_attributes_of_the_pool_and_has_those_that_it_requires(house, idp):
    schema = [{"Name": "email", "Required": True, "Mutable": True}, {"Name": "tier", "AttributeDataType": "String"}]
    pool_id = house.pool(Schema=schema)

    def create(mapping):
        given = {} if mapping is None else {"AttributeMapping": mapping}
        return idp.create_identity_provider(
            UserPoolId=pool_id, ProviderName="Google", ProviderType="Google", ProviderDetails=GOOGLE, **given
        )

    for mapping in (None, {}, {"name": "name"}):
        with refused(r"The attribute mapping is missing required attributes \[email\]"):
            create(mapping)
    for name in ("nonsense", "custom:other", "sub", "identities"):
        with refused(f"{name} does not exist in the schema"):
            create({"email": "email", name: "x"})
    for source in ("", "x" * 2049, "a\nb"):
        with refused("the source of email is not valid"):
            create({"email": source})
    create({"email": "email", "custom:tier": "tier", "email_verified": "email_verified", "username": "sub"})
    with refused(r"The attribute mapping is missing required attributes \[email\]"):
        idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Google", AttributeMapping={"name": "name"})


def test_levels_are_of_oidc_providers_alone(create, idp, pool_id):
    with refused("AcrMapping is only supported for OIDC"):
        create("Google", AcrMapping={"Level1": "x"})
    create("Google")
    with refused("AcrMapping is only supported for OIDC"):
        idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Google", AcrMapping={"Level1": "x"})


def test_a_provider_that_is_not_there_is_said_to_be_unknown(house, idp, pool_id, create):
    create("Google")
    elsewhere = house.pool()
    for call in (
        lambda: idp.describe_identity_provider(UserPoolId=elsewhere, ProviderName="Google"),
        lambda: idp.update_identity_provider(UserPoolId=elsewhere, ProviderName="Google", ProviderDetails=GOOGLE),
        lambda: idp.delete_identity_provider(UserPoolId=elsewhere, ProviderName="Google"),
    ):
        with refused("Identity provider Google does not exist.", "ResourceNotFoundException"):
            call()
    with refused("User pool us-east-1_nobodyhere does not exist.", "ResourceNotFoundException"):
        idp.create_identity_provider(
            UserPoolId="us-east-1_nobodyhere", ProviderName="Google", ProviderType="Google", ProviderDetails=GOOGLE
        )


def test_a_list_has_pages_by_name_and_tells_no_details(idp, pool_id, create):
    names = sorted(f"Provider{number}" for number in range(5))
    for name in reversed(names):
        create("OIDC", name)
    seen, token = [], {}
    while True:
        page = idp.list_identity_providers(UserPoolId=pool_id, MaxResults=2, **token)
        seen += page["Providers"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert [provider["ProviderName"] for provider in seen] == names
    assert set(seen[0]) == {"ProviderName", "ProviderType", "CreationDate", "LastModifiedDate"}
    assert len(idp.list_identity_providers(UserPoolId=pool_id, MaxResults=0)["Providers"]) == 5


def test_no_more_providers_than_the_cap(create, monkeypatch):
    monkeypatch.setattr("lido.flows.identity_providers.MOST_PROVIDERS", 2)
    create("OIDC", "One1")
    create("OIDC", "Two2")
    with refused("cannot have more than 2 identity providers", "LimitExceededException"):
        create("OIDC", "Three3")


def test_of_many_who_create_the_same_one_does(house, pool_id):
    def attempt(_):
        try:
            house.boto("AKIAROOTROOTROOTROOT", "root-secret-of-the-tests-only").create_identity_provider(
                UserPoolId=pool_id, ProviderName="Google", ProviderType="Google", ProviderDetails=GOOGLE
            )
        except ClientError as refusal:
            return refusal.response["Error"]["Code"]
        return "created"

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(attempt, range(6)))
    assert sorted(outcomes) == ["DuplicateProviderException"] * 5 + ["created"]


def test_a_change_that_met_another_is_refused(house, idp, pool_id, create, monkeypatch):
    create("SAML")

    class Documents:
        def fetch(self, url, **_):
            idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Corporate", IdpIdentifiers=["meanwhile"])
            return metadata().encode()

    house.lido.documents = Documents()
    with refused("", "ConcurrentModificationException"):
        idp.update_identity_provider(
            UserPoolId=pool_id, ProviderName="Corporate", ProviderDetails={"MetadataURL": "https://idp.example.com"}
        )
    shown = idp.describe_identity_provider(UserPoolId=pool_id, ProviderName="Corporate")["IdentityProvider"]
    assert shown["IdpIdentifiers"] == ["meanwhile"]
    assert "MetadataURL" not in shown["ProviderDetails"]


def test_describe_lists_the_identifiers_of_whoever_never_had_any_and_of_whoever_has_none_any_more(
    idp, pool_id, create, described
):
    assert "IdpIdentifiers" not in create("Google")
    assert described("Google")["IdpIdentifiers"] == []
    for identifiers in (["example.com"], []):
        idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Google", IdpIdentifiers=identifiers)
        assert described("Google")["IdpIdentifiers"] == identifiers


def test_secrets_are_sealed_at_rest_for_their_place(house, pool_id, create):
    create("Google")
    create("SignInWithApple")
    with house.database.read() as tx:
        rows = tx.rows("SELECT name, settings, secrets FROM identity_providers ORDER BY name")
    for _, settings, secrets in rows:
        for secret in ("g-secret", "MIIpkcs8"):
            assert secret not in settings
            assert secret.encode() not in secrets
    with house.database.write() as tx:
        tx.run("UPDATE identity_providers SET secrets = :blob WHERE name = 'SignInWithApple'", blob=rows[0][2])
    with house.database.read() as tx:
        moved = identity_providers.find(tx, pool_id, "SignInWithApple")
    with pytest.raises(Unsealable):
        house.call().keys.open("identity provider", moved.secrets, pool_id, moved.name)


def test_an_app_client_names_providers_that_exist(house, idp, pool_id, create):
    sentence = f"The provider Google does not exist for User Pool {pool_id}."
    with refused(sentence):
        house.app(pool_id, SupportedIdentityProviders=["COGNITO", "Google"])
    create("Google")
    app = house.app(pool_id, SupportedIdentityProviders=["COGNITO", "Google"])
    assert app["SupportedIdentityProviders"] == ["COGNITO", "Google"]
    idp.delete_identity_provider(UserPoolId=pool_id, ProviderName="Google")
    shown = idp.describe_user_pool_client(UserPoolId=pool_id, ClientId=app["ClientId"])["UserPoolClient"]
    assert shown["SupportedIdentityProviders"] == ["COGNITO", "Google"]
    with refused(sentence):
        idp.update_user_pool_client(
            UserPoolId=pool_id, ClientId=app["ClientId"], SupportedIdentityProviders=["COGNITO", "Google"]
        )


def test_a_deleted_provider_is_gone_and_told(house, idp, pool_id, create):
    create("Google")
    idp.delete_identity_provider(UserPoolId=pool_id, ProviderName="Google")
    assert idp.list_identity_providers(UserPoolId=pool_id)["Providers"] == []
    assert told(house, pool_id)[-2:] == ["provider_created", "provider_deleted"]


def test_a_pool_has_one_signing_certificate_for_ten_years(house, idp, pool_id):
    text = idp.get_signing_certificate(UserPoolId=pool_id)["Certificate"]
    certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    assert certificate.public_key().key_size == 2048
    certificate.verify_directly_issued_by(certificate)
    begins = datetime.fromtimestamp(house.clock.now() / 1000, UTC)
    assert certificate.not_valid_after_utc - begins == timedelta(days=3650)
    assert certificate.not_valid_before_utc <= begins
    house.clock.advance(days=400)
    assert idp.get_signing_certificate(UserPoolId=pool_id)["Certificate"] == text
    assert idp.get_signing_certificate(UserPoolId=house.pool())["Certificate"] != text
    with house.database.read() as tx:
        stored = saml_certificates.find(tx, pool_id)
    key = house.call().keys.open("SAML signing key", stored.private_key, pool_id)
    assert key not in stored.private_key
    with refused("does not exist", "ResourceNotFoundException"):
        idp.get_signing_certificate(UserPoolId="us-east-1_nobodyhere")


def test_all_who_ask_at_once_for_the_certificate_of_a_pool_that_had_none_get_the_same(house, pool_id):
    with house.database.write() as tx:
        tx.run("DELETE FROM saml_certificates")

    def ask(_):
        client = house.boto("AKIAROOTROOTROOTROOT", "root-secret-of-the-tests-only")
        return client.get_signing_certificate(UserPoolId=pool_id)["Certificate"]

    with ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(ask, range(6)))) == 1
