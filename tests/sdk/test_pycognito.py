"""pycognito: SRP in Python, with and without a client secret; it checks every token by the published keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pycognito import Cognito
from pycognito.exceptions import ForceChangePasswordException
from tests.sdk.people import invite, make_tenant

pytestmark = pytest.mark.sdk


@contextmanager
def person(endpoint: str, tenant: Any, username: str) -> Iterator[Cognito]:
    user_pool_id, client_id, client_secret = tenant.pool_id, tenant.client_id, tenant.secret
    user = Cognito(
        user_pool_id,
        client_id,
        client_secret=client_secret,
        username=username,
        boto3_client_kwargs={"endpoint_url": endpoint},
    )
    yield user
    user.client.close()


@pytest.fixture(params=[False, True], ids=["public", "secret"])
def tenant(request, idp):
    return make_tenant(idp, secret=request.param)


@pytest.fixture
def email(tenant):
    return f"{tenant.client_id}@example.com"


@pytest.fixture
def alice(aws, tenant, email):
    """Registered and confirmed."""
    with person(aws.url, tenant, "alice") as user:
        user.set_base_attributes(email=email)
        user.register("alice", "Passw0rd!")
        user.confirm_sign_up(aws.code(email), username="alice")
        yield user


def test_somebody_signs_in_renews_and_changes_the_password(alice):
    alice.authenticate(password="Passw0rd!")
    first = alice.access_token
    alice.renew_access_token()
    renewed = alice.access_token
    alice.update_profile({"nickname": "Al"})
    alice.change_password("Passw0rd!", "Chang3d-pass!")
    profile = alice.get_user()
    alice.logout()

    assert renewed != first
    assert (profile.nickname, profile.email_verified) == ("Al", True)
    assert alice.id_claims["cognito:username"] == "alice"
    with pytest.raises(alice.client.exceptions.NotAuthorizedException, match="Incorrect username or password"):
        alice.authenticate(password="Passw0rd!")
    alice.authenticate(password="Chang3d-pass!")


def test_a_forgotten_password_is_replaced(aws, alice, email):
    alice.initiate_forgot_password()
    alice.confirm_forgot_password(aws.code(email), "Rec0vered-pass!")
    alice.authenticate(password="Rec0vered-pass!")

    assert alice.access_claims["username"] == "alice"


def test_an_invited_user_chooses_a_password(aws, idp, tenant):
    invited = invite(idp, tenant)
    with person(aws.url, tenant, invited["username"]) as user:
        with pytest.raises(ForceChangePasswordException):
            user.authenticate(password=invited["password"])
        user.new_password_challenge(invited["password"], "Guest-pass-1!")
        user.authenticate(password="Guest-pass-1!")

        assert user.access_claims["username"] == invited["username"]
