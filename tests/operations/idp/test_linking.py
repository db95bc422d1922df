import json
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from botocore.exceptions import ClientError
from tests.world import PASSWORD, ROOT_ID, ROOT_SECRET

from lido.records import Folding, Handle, HandleKind, Status, User
from lido.rules.profile import search_keys
from lido.storage import events, linked_identities, user_names, users
from lido.storage.linked_identities import LinkedIdentity

GOOGLE = {"client_id": "id", "client_secret": "secret", "authorize_scopes": "email"}
OIDC = {
    "client_id": "id",
    "authorize_scopes": "openid",
    "oidc_issuer": "https://op.example.com",
    "attributes_request_method": "GET",
    **dict.fromkeys(("authorize_url", "token_url", "attributes_url", "jwks_uri"), "https://op.example.com/x"),
}
ALICE = {"ProviderName": "Cognito", "ProviderAttributeValue": "alice"}
MERGING = "Merging is not currently supported, provide a SourceUser that has not been signed up in order to link"
LINKED = "SourceUser is already linked to DestinationUser"


def refused(sentence, code="InvalidParameterException"):
    return pytest.raises(ClientError, match=rf"\({code}\).*{sentence}")


def account(value, provider="Google", name="Cognito_Subject"):
    return {"ProviderName": provider, "ProviderAttributeName": name, "ProviderAttributeValue": value}


@pytest.fixture
def pool_id(house):
    pool_id = house.pool()
    house.user(pool_id, "alice", email="alice@example.com")
    for name, kind, details, mapping in (
        ("Google", "Google", GOOGLE, {"email": "email"}),
        ("Corporate", "OIDC", OIDC, {"email": "mail", "name": "name"}),
    ):
        house.idp.create_identity_provider(
            UserPoolId=pool_id, ProviderName=name, ProviderType=kind, ProviderDetails=details, AttributeMapping=mapping
        )
    return pool_id


@pytest.fixture
def link(idp, pool_id):
    def link(source, destination=None):
        return idp.admin_link_provider_for_user(
            UserPoolId=pool_id, DestinationUser=destination or ALICE, SourceUser=source
        )

    return link


@pytest.fixture
def disable(idp, pool_id):
    return lambda user: idp.admin_disable_provider_for_user(UserPoolId=pool_id, User=user)


def attributes(house, pool_id, username="alice"):
    found = house.idp.admin_get_user(UserPoolId=pool_id, Username=username)["UserAttributes"]
    return {attribute["Name"]: attribute["Value"] for attribute in found}


def identities(house, pool_id, username="alice"):
    return json.loads(attributes(house, pool_id, username).get("identities", "[]"))


def federated(house, pool_id, subject):
    """A user whom a sign-in with Google made."""
    call = house.call()
    provider = "Google"
    sub = call.entropy.uuid()
    user = User(
        pool_id=pool_id,
        sub=sub,
        username=f"{provider}_{subject}",
        status=Status.EXTERNAL_PROVIDER,
        enabled=True,
        epoch=0,
        signed_out_at=0,
        version=1,
        factors=0,
        preferred_factor=None,
        email=None,
        email_verified=False,
        phone_number=None,
        phone_verified=False,
        attributes={},
        created_at=call.now,
        modified_at=call.now,
    )
    with call.db.write() as tx:
        user_names.claim(tx, Handle(pool_id, user.username, HandleKind.USERNAME, sub))
        users.add(tx, user, search_keys(user, Folding.SENSITIVE))
        linked_identities.add(
            tx,
            LinkedIdentity(pool_id, provider, "Cognito_Subject", subject, sub, provider, None, True, call.now),
        )
    return sub


def sign_in(house, client_id, username="alice"):
    return house.idp_unsigned.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
    )["AuthenticationResult"]


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


def told(house, pool_id):
    with house.database.read() as tx:
        return [event.kind for event in events.page_of_pool(tx, pool_id, after="", before="~", limit=1000)]


def test_a_linked_account_stands_in_the_profile_and_in_tokens(house, idp, pool_id, link):
    now = house.clock.now()
    answer = link(account("112177"))
    answer.pop("ResponseMetadata")
    assert answer == {}
    entry = {
        "userId": "112177",
        "providerName": "Google",
        "providerType": "Google",
        "issuer": None,
        "primary": False,
        "dateCreated": now,
    }
    assert identities(house, pool_id) == [entry]
    [listed] = idp.list_users(UserPoolId=pool_id)["Users"]
    assert json.loads(next(a["Value"] for a in listed["Attributes"] if a["Name"] == "identities")) == [entry]
    app = house.app(pool_id, ReadAttributes=["email"])
    tokens = sign_in(house, app["ClientId"])
    assert claims(tokens["IdToken"])["identities"] == [{**entry, "primary": "false", "dateCreated": str(now)}]
    assert "identities" not in claims(tokens["AccessToken"])
    own = house.idp_unsigned.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"]
    assert json.loads(next(a["Value"] for a in own if a["Name"] == "identities")) == [entry]
    assert told(house, pool_id).count("identity_linked") == 1


def test_accounts_are_listed_in_the_order_in_which_they_were_linked(house, pool_id, link):
    for value in ("z", "a", "m"):
        link(account(value))
        house.clock.advance(seconds=1)
    assert [entry["userId"] for entry in identities(house, pool_id)] == ["z", "a", "m"]


def test_an_account_of_an_oidc_provider_may_be_named_by_a_mapped_attribute(house, pool_id, link):
    link(account("o-1", "Corporate"))
    link(account("a@example.org", "Corporate", "email"))
    assert {entry["userId"] for entry in identities(house, pool_id)} == {"a@example.org", "o-1"}
    for provider, name in (("Google", "email"), ("Corporate", "nickname"), ("Corporate", "username"), ("Google", "")):
        with refused("Invalid SourceUser: ProviderAttributeName must be Cognito_Subject"):
            link(account("x", provider, name))


def test_an_account_is_linked_once_to_whomever(house, pool_id, link):
    house.user(pool_id, "bob")
    link(account("1"))
    for destination in (ALICE, {**ALICE, "ProviderAttributeValue": "bob"}):
        with refused(LINKED):
            link(account("1"), destination)
    assert identities(house, pool_id, "bob") == []
    link(account("1", "Corporate"), {**ALICE, "ProviderAttributeValue": "bob"})


def test_an_account_that_has_a_user_of_its_own_is_not_merged(house, pool_id, link):
    federated(house, pool_id, "g-7")
    with refused(MERGING):
        link(account("g-7"))
    house.user(pool_id, "Corporate_9")
    with refused(MERGING):
        link(account("9", "Corporate"))
    assert identities(house, pool_id) == []


def test_a_user_of_the_pool_is_no_source(link):
    with refused("Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser"):
        link(account("bob", "Cognito"))


def test_the_destination_may_be_a_user_whom_a_provider_made(house, pool_id, link):
    sub = federated(house, pool_id, "g-7")
    link(account("o-1", "Corporate"), account("g-7"))
    first, second = identities(house, pool_id, sub)
    assert (first["userId"], first["primary"]) == ("g-7", True)
    assert (second["userId"], second["primary"]) == ("o-1", False)
    shown = house.idp.admin_get_user(UserPoolId=pool_id, Username=sub)
    assert shown["UserStatus"] == "EXTERNAL_PROVIDER"
    with refused("User does not exist", "UserNotFoundException"):
        link(account("o-2", "Corporate"), account("o-1", "Corporate"))


def test_what_leads_to_nobody_is_refused(house, idp, pool_id, link, disable):
    with refused("User does not exist", "UserNotFoundException"):
        link(account("1"), {**ALICE, "ProviderAttributeValue": "nobody"})
    with refused("User does not exist", "UserNotFoundException"):
        link(account("1"), account("g-404"))
    with refused("Identity provider Facebook does not exist.", "ResourceNotFoundException"):
        link(account("1", "Facebook"))
    for user in (account("1"), account("nobody", "Cognito"), account("1", "Facebook")):
        with refused("User does not exist", "UserNotFoundException"):
            disable(user)
    elsewhere = house.pool()
    link(account("1"))
    with refused("User does not exist", "UserNotFoundException"):
        idp.admin_disable_provider_for_user(UserPoolId=elsewhere, User=account("1"))
    with refused("does not exist", "ResourceNotFoundException"):
        idp.admin_disable_provider_for_user(UserPoolId="us-east-1_nobodyhere", User=account("1"))


@pytest.mark.parametrize("value", ["", " ", "a\nb", "x" * 1025, "\u202e1", "é" * 513])
def test_what_no_provider_calls_anybody_is_refused(link, disable, value):
    with refused("Invalid SourceUser: ProviderName and|Invalid SourceUser: ProviderAttributeValue"):
        link(account(value))
    with refused("Invalid User: ProviderName and|Invalid User: ProviderAttributeValue"):
        disable(account(value))


def test_members_that_the_model_does_not_ask_for_are_asked_for(idp, pool_id):
    for missing in ("ProviderName", "ProviderAttributeValue"):
        source = {name: value for name, value in account("1").items() if name != missing}
        with refused("Invalid SourceUser: ProviderName and ProviderAttributeValue are required"):
            idp.admin_link_provider_for_user(UserPoolId=pool_id, DestinationUser=ALICE, SourceUser=source)


def test_a_user_has_five_linked_accounts(link):
    for number in range(5):
        link(account(str(number)))
    with refused("cannot have more than 5 linked identities", "LimitExceededException"):
        link(account("5"))


def test_of_a_provider_accounts_are_linked_by_five_attributes(house, idp, pool_id, link):
    names = ["email", "name", "nickname", "given_name", "family_name", "locale"]
    mapping = {name: name for name in names}
    idp.update_identity_provider(UserPoolId=pool_id, ProviderName="Corporate", AttributeMapping=mapping)
    for name in names[:5]:
        house.user(pool_id, f"user-{name}")
        link(account("x", "Corporate", name), {**ALICE, "ProviderAttributeValue": f"user-{name}"})
    for name in ("locale", "Cognito_Subject"):
        with refused("more than 5 different attributes", "LimitExceededException"):
            link(account("y", "Corporate", name))
    link(account("y", "Corporate", "email"))


def test_of_many_who_link_one_account_one_does_and_no_cap_is_passed(house, pool_id):
    house.user(pool_id, "bob")

    def attempt(number):
        client = house.boto(ROOT_ID, ROOT_SECRET)
        destination = {**ALICE, "ProviderAttributeValue": "alice" if number % 2 else "bob"}
        outcomes = []
        for source in (account("same"), account(f"own-{number}")):
            try:
                client.admin_link_provider_for_user(UserPoolId=pool_id, DestinationUser=destination, SourceUser=source)
            except ClientError as refusal:
                outcomes.append(refusal.response["Error"]["Code"])
            else:
                outcomes.append("linked")
        return outcomes

    with ThreadPoolExecutor(6) as threads:
        outcomes = list(threads.map(attempt, range(16)))
    assert [same for same, _ in outcomes].count("linked") == 1
    for username in ("alice", "bob"):
        shown = identities(house, pool_id, username)
        assert len(shown) <= 5
        with house.database.read() as tx:
            stored = linked_identities.of_user(tx, pool_id, attributes(house, pool_id, username)["sub"])
        assert {each.subject for each in stored} == {entry["userId"] for entry in shown}


def test_an_unlinked_account_is_free_again(house, pool_id, link, disable):
    link(account("1"))
    link(account("2"))
    answer = disable(account("1"))
    answer.pop("ResponseMetadata")
    assert answer == {}
    assert [entry["userId"] for entry in identities(house, pool_id)] == ["2"]
    disable(account("2"))
    assert "identities" not in attributes(house, pool_id)
    with refused("User does not exist", "UserNotFoundException"):
        disable(account("1"))
    house.user(pool_id, "bob")
    link(account("1"), {**ALICE, "ProviderAttributeValue": "bob"})
    assert told(house, pool_id).count("identity_unlinked") == 2
    app = house.app(pool_id)
    assert "identities" not in claims(sign_in(house, app["ClientId"])["IdToken"])


def test_a_link_goes_also_when_its_provider_is_gone(house, idp, pool_id, link, disable):
    link(account("1"))
    idp.delete_identity_provider(UserPoolId=pool_id, ProviderName="Google")
    assert len(identities(house, pool_id)) == 1
    disable(account("1"))
    assert identities(house, pool_id) == []


def test_a_user_whom_a_provider_made_is_disabled(house, pool_id, disable):
    sub = federated(house, pool_id, "g-7")
    disable(account("g-7"))
    assert house.idp.admin_get_user(UserPoolId=pool_id, Username=sub)["Enabled"] is False


def test_a_user_of_the_pool_loses_the_password_until_an_operator_gives_one(house, idp, pool_id, disable):
    app = house.app(pool_id)
    tokens = sign_in(house, app["ClientId"])
    disable(account("alice", "Cognito"))
    with refused("Incorrect username or password", "NotAuthorizedException"):
        sign_in(house, app["ClientId"])
    assert idp.admin_get_user(UserPoolId=pool_id, Username="alice")["UserStatus"] == "EXTERNAL_PROVIDER"
    anyone = house.idp_unsigned
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        anyone.forgot_password(ClientId=app["ClientId"], Username="alice")
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        anyone.change_password(AccessToken=tokens["AccessToken"], ProposedPassword="An0ther-one!")
    idp.admin_set_user_password(UserPoolId=pool_id, Username="alice", Password=PASSWORD, Permanent=True)
    assert sign_in(house, app["ClientId"])
    assert told(house, pool_id).count("password_disabled") == 1
    with refused("ProviderAttributeName must be Cognito_Subject"):
        disable(account("alice", "Cognito", "email"))


def test_a_password_that_was_disabled_answers_no_challenge_begun_before(house, pool_id, disable):
    app = house.app(pool_id)
    house.user(pool_id, "bob", confirmed=False)
    begun = house.idp_unsigned.initiate_auth(
        ClientId=app["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "bob", "PASSWORD": PASSWORD},
    )
    assert begun["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    disable(account("bob", "Cognito"))
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        house.idp_unsigned.respond_to_auth_challenge(
            ClientId=app["ClientId"],
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=begun["Session"],
            ChallengeResponses={"USERNAME": "bob", "NEW_PASSWORD": "An0ther-one!"},
        )


def test_links_go_with_their_user(house, idp, pool_id, link):
    link(account("1"))
    sub = attributes(house, pool_id)["sub"]
    idp.admin_delete_user(UserPoolId=pool_id, Username="alice")
    with house.database.read() as tx:
        assert linked_identities.of_user(tx, pool_id, sub) == []
    house.user(pool_id, "alice")
    link(account("1"))


def test_nobody_writes_or_deletes_the_attribute_by_hand(house, idp, pool_id, link):
    link(account("1"))
    forged = [{"Name": "identities", "Value": "[]"}]
    app = house.app(pool_id)
    token = sign_in(house, app["ClientId"])["AccessToken"]
    for call in (
        lambda: idp.admin_update_user_attributes(UserPoolId=pool_id, Username="alice", UserAttributes=forged),
        lambda: idp.admin_delete_user_attributes(
            UserPoolId=pool_id, Username="alice", UserAttributeNames=["identities"]
        ),
        lambda: house.idp_unsigned.update_user_attributes(AccessToken=token, UserAttributes=forged),
        lambda: house.idp_unsigned.delete_user_attributes(AccessToken=token, UserAttributeNames=["identities"]),
    ):
        with pytest.raises(ClientError, match=r"InvalidParameterException|NotAuthorizedException"):
            call()
    assert len(identities(house, pool_id)) == 1


def test_a_link_remembers_which_issuer_the_provider_had(house, pool_id, link):
    link(account("o-1", "Corporate"))
    with house.database.read() as tx:
        linked = linked_identities.find(tx, pool_id, "Corporate", "Cognito_Subject", "o-1")
    assert linked.issuer == "https://op.example.com"
    assert identities(house, pool_id)[0]["issuer"] is None
