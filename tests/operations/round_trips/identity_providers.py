"""Identity providers of each type, and the accounts there that are users of the pool."""

import json
from typing import Any

import pytest
from tests.metadata import REDIRECT, SLO, metadata
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import LEFT_OUT, Turns, differences

OAUTH = {"client_id": "one", "client_secret": "hush", "authorize_scopes": "email profile openid"}
OIDC = {
    **OAUTH,
    "oidc_issuer": "https://op.example.com",
    "attributes_request_method": "GET",
    "authorize_url": "https://op.example.com/authorize",
    "token_url": "https://op.example.com/token",
    "attributes_url": "https://op.example.com/userinfo",
    "jwks_uri": "https://op.example.com/jwks",
}
SAML = {
    "MetadataFile": metadata(),
    "IDPSignout": "true",
    "IDPInit": "true",
    "EncryptedResponses": "true",
    "RequestSigningAlgorithm": "rsa-sha256",
}
DETAILS = {
    "SAML": (
        SAML,
        {
            **SAML,
            "MetadataFile": metadata(REDIRECT, SLO.format("Redirect", "https://idp.example.com/slo")),
            **dict.fromkeys(("IDPSignout", "IDPInit", "EncryptedResponses"), "false"),
        },
    ),
    "Facebook": ({**OAUTH, "api_version": "v17.0"}, {**OAUTH, "api_version": "v19.0", "client_id": "two"}),
    "Google": (OAUTH, {"client_id": "two", "client_secret": "whisper", "authorize_scopes": "openid"}),
    "LoginWithAmazon": (OAUTH, {"client_id": "two", "client_secret": "whisper", "authorize_scopes": "profile"}),
    "SignInWithApple": tuple(
        {"client_id": each, "team_id": each, "key_id": each, "private_key": f"MII{each}", "authorize_scopes": "email"}
        for each in ("one", "two")
    ),
    "OIDC": (
        OIDC,
        {name: value.replace("op.example.com", "op.example.org") for name, value in OIDC.items()}
        | {"client_id": "two", "client_secret": "whisper", "attributes_request_method": "POST"},
    ),
}


def examples(pool_id: str, kind: str) -> dict[str, Any]:
    """Each type with all that it takes."""
    levels = ({"Level1": "urn:one", "Level2": "urn:two"}, {"Level3": "urn:three", "Level4": "urn:four"})
    return {
        "UserPoolId": pool_id,
        "ProviderName": f"Our{kind}" if kind in ("SAML", "OIDC") else kind,
        "ProviderType": kind,
        "ProviderDetails": Turns(DETAILS[kind]),
        "AttributeMapping": Turns(({"email": "mail", "name": "cn"}, {"nickname": "nick", "username": "uid"})),
        "IdpIdentifiers": Turns(([f"{kind}.example.com", f"Our {kind}"], [f"{kind}.example.org"])),
        "AcrMapping": Turns(levels) if kind == "OIDC" else LEFT_OUT,
    }


@story(
    "CreateIdentityProvider",
    "DescribeIdentityProvider",
    "UpdateIdentityProvider",
    "DeleteIdentityProvider",
    "GetIdentityProviderByIdentifier",
)
def providers(asker: Asker) -> None:
    pool_id = asker.house.pool()
    for kind in DETAILS:
        example = examples(pool_id, kind)
        named = {"UserPoolId": pool_id, "ProviderName": example["ProviderName"]}
        made, told = asker.ask_all("CreateIdentityProvider", example)
        assert differences(made, told["IdentityProvider"]) == []
        assert asker.ask("DescribeIdentityProvider", **named)["IdentityProvider"] == told["IdentityProvider"]

        asker.house.clock.advance(seconds=1)
        changed, told = asker.ask_all("UpdateIdentityProvider", example, turn=1)
        after = asker.ask("DescribeIdentityProvider", **named)["IdentityProvider"]
        assert differences(changed, after) == []
        assert after == told["IdentityProvider"]
        assert after["ProviderType"] == kind
        assert after["LastModifiedDate"] > after["CreationDate"]

        (identifier,) = changed["IdpIdentifiers"]
        found = asker.ask("GetIdentityProviderByIdentifier", UserPoolId=pool_id, IdpIdentifier=identifier)
        assert found["IdentityProvider"] == after
        with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
            identifier = made["IdpIdentifiers"][0]
            asker.ask("GetIdentityProviderByIdentifier", UserPoolId=pool_id, IdpIdentifier=identifier)

        asker.house.clock.advance(seconds=1)
        kept = asker.ask("UpdateIdentityProvider", **named)["IdentityProvider"]
        assert kept.pop("LastModifiedDate") > after.pop("LastModifiedDate")
        assert kept == after

        asker.ask("DeleteIdentityProvider", **named)
        with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
            asker.ask("DescribeIdentityProvider", **named)


@story("ListIdentityProviders")
def provider_lists(asker: Asker) -> None:
    pool_id = asker.house.pool()
    made = [asker.ask_all("CreateIdentityProvider", examples(pool_id, kind))[1] for kind in DETAILS]

    page = asker.ask("ListIdentityProviders", UserPoolId=pool_id, MaxResults=4)
    rest = asker.ask("ListIdentityProviders", UserPoolId=pool_id, MaxResults=4, NextToken=page["NextToken"])

    assert (len(page["Providers"]), "NextToken" in rest) == (4, False)
    shown = ("ProviderName", "ProviderType", "CreationDate", "LastModifiedDate")
    expected = [{name: each["IdentityProvider"][name] for name in shown} for each in made]
    assert page["Providers"] + rest["Providers"] == sorted(expected, key=lambda each: each["ProviderName"])


@story("AdminLinkProviderForUser", "AdminDisableProviderForUser")
def links(asker: Asker) -> None:
    pool_id = asker.house.pool()
    asker.house.user(pool_id, "ann", email="ann@example.com")
    asker.ask_all("CreateIdentityProvider", examples(pool_id, "Google"))
    asker.ask_all("CreateIdentityProvider", examples(pool_id, "OIDC"))
    ann = {
        "ProviderName": "Cognito",
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": "ann",
    }
    google = {**ann, "ProviderName": "Google", "ProviderAttributeValue": "112177"}
    corporate = {"ProviderName": "OurOIDC", "ProviderAttributeName": "email", "ProviderAttributeValue": "a@example.org"}

    def linked() -> dict[str, tuple[str, str]]:
        user = asker.ask("AdminGetUser", UserPoolId=pool_id, Username="ann")
        told = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
        found = json.loads(told.get("identities", "[]"))
        return {each["providerName"]: (each["userId"], each["providerType"]) for each in found}

    for source in (google, corporate):
        asker.ask_all("AdminLinkProviderForUser", {"UserPoolId": pool_id, "DestinationUser": ann, "SourceUser": source})
    assert linked() == {"Google": ("112177", "Google"), "OurOIDC": ("a@example.org", "OIDC")}

    asker.ask_all("AdminDisableProviderForUser", {"UserPoolId": pool_id, "User": google})
    assert linked() == {"OurOIDC": ("a@example.org", "OIDC")}
    asker.ask_all("AdminDisableProviderForUser", {"UserPoolId": pool_id, "User": corporate})
    assert linked() == {}
    asker.ask_all("AdminDisableProviderForUser", {"UserPoolId": pool_id, "User": ann})
    assert asker.ask("AdminGetUser", UserPoolId=pool_id, Username="ann")["UserStatus"] == "EXTERNAL_PROVIDER"
