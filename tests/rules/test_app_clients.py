"""What an app client's document means."""

import pytest

from lido.records import Client, ClientSettings
from lido.rules.app_clients import terms_of
from lido.shapes import idp


def terms(**shape):
    settings = ClientSettings(shape=idp.UserPoolClientType(**shape))
    return terms_of(Client("us-east-1_a", "c", "app", settings, "REGULAR", 1, 0, 0))


def test_an_empty_document_has_cognitos_defaults():
    empty = terms()

    assert empty.flows == {"ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"}
    assert (empty.access_seconds, empty.id_seconds) == (3600, 3600)
    assert (empty.refresh_seconds, empty.session_seconds) == (30 * 86400, 180)
    assert empty.revocable
    assert empty.grace_seconds is None
    assert empty.readable is None


def test_lifetimes_are_counted_in_their_units():
    units = idp.TokenValidityUnitsType(access_token="minutes", id_token="seconds", refresh_token="hours")
    made = terms(
        access_token_validity=7,
        id_token_validity=400,
        refresh_token_validity=2,
        auth_session_validity=15,
        token_validity_units=units,
    )

    assert (made.access_seconds, made.id_seconds) == (420, 400)
    assert (made.refresh_seconds, made.session_seconds) == (7200, 900)


@pytest.mark.parametrize(
    ("given", "allowed"),
    [
        (["ALLOW_USER_SRP_AUTH"], {"ALLOW_USER_SRP_AUTH"}),
        (
            ["ADMIN_NO_SRP_AUTH"],
            {"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
        ),
        (
            ["USER_PASSWORD_AUTH"],
            {"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"},
        ),
        (["CUSTOM_AUTH_FLOW_ONLY"], {"ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}),
    ],
)
def test_older_names_of_flows_mean_what_they_meant(given, allowed):
    assert terms(explicit_auth_flows=given).flows == allowed


@pytest.mark.parametrize(
    ("feature", "grace", "seconds"), [("ENABLED", 30, 30), ("ENABLED", None, 0), ("DISABLED", 30, None)]
)
def test_rotation_has_a_grace_only_where_it_is_on(feature, grace, seconds):
    rotation = idp.RefreshTokenRotationType(feature=feature, retry_grace_period_seconds=grace)

    assert terms(refresh_token_rotation=rotation).grace_seconds == seconds
