"""Whence a sign-in seems to come when an app or an operator speaks for a person."""

import pytest
from tests.operations.round_trips.confidential import Confidential
from tests.world import PASSWORD, ROOT_ID

SOCKET = "203.0.113.7"


def address(app):
    """Where the newest sign-in of alice came from."""
    found = app.house.idp.admin_list_user_auth_events(UserPoolId=app.pool_id, Username="alice")["AuthEvents"]
    return next(event for event in found if event["EventType"] == "SignIn")["EventContextData"]["IpAddress"]


def confidential(house, **app):
    made = Confidential(house, pool={"UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}, **app)
    house.user(made.pool_id, "alice")
    return made


def sign_in(app, told, password=PASSWORD, client_id=None, secret_hash=True):
    given = {"USERNAME": "alice", "PASSWORD": password}
    app.house.idp_unsigned.initiate_auth(
        AuthFlow="USER_PASSWORD_AUTH",
        ClientId=client_id or app.client_id,
        AuthParameters={**given, **({"SECRET_HASH": app.hashed("alice")} if secret_hash else {})},
        UserContextData=told,
    )


@pytest.mark.parametrize(
    ("told", "is_seen"),
    [
        ("192.0.2.44", "192.0.2.44"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("", SOCKET),
        ("elsewhere", SOCKET),
        ("192.0.2.0/24", SOCKET),
        ("fe80::1%<script>", SOCKET),
        ("9" * 10_000, SOCKET),
    ],
)
def test_an_app_with_a_secret_that_asked_for_it_tells_the_address(house, told, is_seen):
    app = confidential(house, EnablePropagateAdditionalUserContextData=True)

    sign_in(app, {"IpAddress": told})

    assert address(app) == is_seen


def test_an_app_that_did_not_ask_for_it_is_not_believed(house):
    app = confidential(house)

    sign_in(app, {"IpAddress": "192.0.2.44"})

    assert address(app) == SOCKET


def test_a_public_app_is_not_believed(house):
    app = confidential(house, EnablePropagateAdditionalUserContextData=True)
    public = house.app(app.pool_id)

    sign_in(app, {"IpAddress": "192.0.2.44"}, client_id=public["ClientId"], secret_hash=False)

    assert address(app) == SOCKET


def test_fingerprints_alone_change_nothing(house):
    app = confidential(house, EnablePropagateAdditionalUserContextData=True)

    sign_in(app, {"EncodedData": "e30="})

    assert address(app) == SOCKET


def test_an_operator_is_believed_and_named(house):
    app = confidential(house)

    house.idp.admin_initiate_auth(
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        UserPoolId=app.pool_id,
        ClientId=app.client_id,
        AuthParameters={"USERNAME": "alice", "PASSWORD": PASSWORD, "SECRET_HASH": app.hashed("alice")},
        ContextData={"IpAddress": "192.0.2.44", "ServerName": "s", "ServerPath": "/", "HttpHeaders": []},
    )

    assert address(app) == "192.0.2.44"
    with house.database.read() as tx:
        (event,) = tx.rows("SELECT body FROM events WHERE kind = 'signed_in'")
    assert ROOT_ID in str(event[0])
