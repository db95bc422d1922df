"""What strangers may leave behind in the name of a client that proves nothing: bounded by address, client and size."""

import pytest
from tests.oauth import CALLBACK, App
from tests.web.oauth.test_dpop import Holder

from lido.flows import public_clients

BUSY = {"error": "temporarily_unavailable"}


@pytest.fixture
def pool_id(house):
    pool_id = house.pool()
    house.user(pool_id)
    return pool_id


@pytest.fixture
def few(monkeypatch):
    """Budgets that a test can use up: three from an address, five for a client."""
    monkeypatch.setattr(public_clients, "MOST", dict.fromkeys(public_clients.MOST, (3, 5)))


def push(app, headers=None, address=None, **more):
    form = {"response_type": "code", "redirect_uri": CALLBACK, **more}
    form |= {} if app.secret else {"client_id": app.client_id}
    app.house.address = address or "203.0.113.7"
    return app.post("/oauth2/par", form, {**(app.basic() if app.secret else {}), **(headers or {})})


def count(house, table):
    with house.database.read() as tx:
        return tx.row(f"SELECT count(*) FROM {table}")[0]


def test_an_address_pushes_so_many_requests_and_then_waits(house, pool_id, few):
    apps = [App(house, pool_id) for _ in range(2)]
    assert [push(apps[number % 2])[0] for number in range(3)] == [201] * 3

    house.clock.advance(seconds=59.5)
    for app in apps:
        status, headers, told = push(app)
        assert (status, headers["retry-after"], told) == (429, "541", BUSY)
    assert count(house, "pushed_requests") == 3

    house.clock.advance(seconds=541)
    assert push(apps[0])[0] == 201


def test_a_client_has_so_many_pushed_from_all_addresses(house, pool_id, few):
    app, other = App(house, pool_id), App(house, pool_id)
    addresses = [f"198.51.100.{number}" for number in range(6)]

    assert [push(app, address=address)[0] for address in addresses] == [201] * 5 + [429]
    assert push(other, address="198.51.100.5")[0] == 201
    assert count(house, "pushed_requests") == 6


def test_an_address_that_is_refused_uses_up_nothing_of_the_client_s(house, pool_id, few):
    app = App(house, pool_id)
    for _ in range(9):
        push(app)

    assert [push(app, address=f"198.51.100.{number}")[0] for number in range(3)] == [201, 201, 429]


def test_what_is_refused_costs_no_budget_and_stores_nothing(house, pool_id, few):
    app = App(house, pool_id)
    for _ in range(4):
        assert push(app, redirect_uri="https://evil.example")[0] == 400

    assert push(app)[0] == 201
    assert (count(house, "pushed_requests"), count(house, "budgets")) == (1, 2)


def test_a_client_that_proves_itself_pushes_as_ever(house, pool_id, few):
    app = App(house, pool_id, GenerateSecret=True)

    assert {push(app)[0] for _ in range(6)} == {201}
    assert push(app, **{f"further{number}": "x" * 2_000 for number in range(9)})[0] == 201


@pytest.mark.parametrize("further", ["x" * 8_192, "\x01" * 1_500, "\N{HEAVY BLACK HEART}" * 2_800])
def test_a_long_request_is_kept_for_nobody_unproven(house, pool_id, further):
    app = App(house, pool_id)

    status, _, told = push(app, further=further)

    assert (status, told["error"]) == (413, "invalid_request")
    assert push(app, further="x" * 7_000)[0] == 201


def test_a_proof_is_stored_only_with_a_request_that_is(house, pool_id, few):
    app = Holder(house, pool_id)
    proof = app.proof("/oauth2/par")
    for changed in ({"redirect_uri": "https://evil.example"}, {"dpop_jkt": "x" * 43}, {"further": "x" * 9_000}):
        assert push(app, {"dpop": proof}, **changed)[0] in (400, 413)
    assert count(house, "spent") == 0

    assert push(app, {"dpop": proof})[0] == 201
    assert push(app, {"dpop": proof})[2] == {"error": "invalid_dpop_proof"}
    assert count(house, "spent") == 1
    push(app, {"dpop": app.proof("/oauth2/par")})
    assert push(app, {"dpop": app.proof("/oauth2/par")})[0] == 429
    assert count(house, "spent") == 2


def test_proofs_that_lead_to_nothing_are_stored_so_often(house, pool_id, few):
    app = Holder(house, pool_id)
    kept = app.bound()["refresh_token"]
    junk = {"grant_type": "refresh_token", "refresh_token": "none"}
    for _ in range(3):
        assert app.with_key(**junk) == (400, {"error": "invalid_grant"})
    before = count(house, "spent")

    house.clock.advance(minutes=4)
    assert app.with_key(**junk) == (429, BUSY)
    sent = {"client_id": app.client_id, **junk}
    assert app.post("/oauth2/token", sent, {"dpop": app.proof()})[1]["retry-after"] == "360"
    assert app.with_key(grant_type="nonsense") == (400, {"error": "unsupported_grant_type"})
    assert count(house, "spent") == before
    assert app.token(**junk)[0] == 400, "without a proof nothing is stored"
    house.clock.advance(seconds=360)
    assert app.with_key(grant_type="refresh_token", refresh_token=kept)[0] == 200


def test_proofs_that_lead_to_tokens_are_never_too_many(house, pool_id, few):
    app = Holder(house, pool_id)
    form = {"grant_type": "refresh_token", "refresh_token": app.bound()["refresh_token"]}

    assert {app.with_key(**form)[0] for _ in range(7)} == {200}
