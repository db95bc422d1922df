"""The plan of sign-ins that somebody else begins (OpenID Connect Core 4): an app registers where to begin them."""

import pytest
from tests.conformance.plans import module
from tests.conformance.registrar import Registrar

PLANS = ["oidcc-3rdparty-init-login-certification-test-plan"]


@pytest.fixture
def settings():
    return {"DcrConfiguration": {"OpenDcrEnabled": True}}


@pytest.fixture
def registrar(house, pool_id):
    return Registrar(house, pool_id)


@module("oidcc-3rd_party-init-login")
def test_an_app_is_told_that_its_address_to_begin_at_was_registered(registrar):
    status, told = registrar.ask(initiate_login_uri="https://rp.example.com/begin")

    assert (status, told["initiate_login_uri"]) == (201, "https://rp.example.com/begin")


@module("oidcc-3rd_party-init-login-nohttps")
def test_an_address_to_begin_at_without_https_is_refused(registrar):
    status, told = registrar.ask(initiate_login_uri="http://rp.example.com/begin")

    assert (status, told["error"]) == (400, "invalid_client_metadata")
