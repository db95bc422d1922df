import json

from lido.rules.identities import Identity, attribute, claim

GOOGLE = Identity("112177", "Google", "Google", "https://accounts.google.com", is_primary=False, linked_at=2)
SAML = Identity("ål@example.com", "Corporate", "SAML", "https://idp.example.com", is_primary=True, linked_at=5)


def test_the_account_that_made_the_user_comes_first_and_only_saml_tells_its_issuer():
    first, second = json.loads(attribute([GOOGLE, SAML]))
    assert first == {
        "userId": "ål@example.com",
        "providerName": "Corporate",
        "providerType": "SAML",
        "issuer": "https://idp.example.com",
        "primary": True,
        "dateCreated": 5,
    }
    assert (second["userId"], second["issuer"], second["primary"]) == ("112177", None, False)


def test_in_a_claim_everything_is_text_but_a_missing_issuer():
    assert claim(attribute([GOOGLE])) == [
        {
            "userId": "112177",
            "providerName": "Google",
            "providerType": "Google",
            "issuer": None,
            "primary": "false",
            "dateCreated": "2",
        }
    ]


def test_nothing_linked_is_no_attribute_and_no_claim():
    assert attribute([]) == ""
    assert claim(None) == claim("") == []
