"""Hundreds of password sign-ins at once: whoever does not sign in by password hardly notices, and nobody is failed."""

import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from tests.faults.wire import ROOT, Refused, Wire, make_app, make_pool, refresh, sign_in
from tests.server import Server

pytestmark = pytest.mark.slow

PASSWORD = "Passw0rd!"
PEOPLE = 50
SIGN_INS = 300
ANSWERS_WITHIN_SECONDS = 1
AS_IN_PRODUCTION = {"argon2_memory_kib": 19_456, "argon2_time_cost": 2}
"""Other tests hash at the lowest cost."""


def test_a_flood_of_sign_ins_leaves_room_for_everybody_else(url, tmp_path):
    waits = {"/healthz": [], "/readyz": [], "refresh": []}
    with Server(tmp_path / "data", url, **AS_IN_PRODUCTION, **ROOT) as server:
        wire, other = Wire(server, sockets=SIGN_INS), Wire(server)
        pool_id = make_pool(wire)
        client_id = make_app(wire, pool_id)
        for number in range(PEOPLE):
            user = {"UserPoolId": pool_id, "Username": f"user{number}"}
            wire.order("AdminCreateUser", **user, MessageAction="SUPPRESS")
            wire.order("AdminSetUserPassword", **user, Password=PASSWORD, Permanent=True)
        tokens = sign_in(wire, client_id, "user0", PASSWORD)

        def attempt(number):
            try:
                sign_in(wire, client_id, f"user{number % PEOPLE}", PASSWORD)
            except Refused as refused:
                return refused.name, refused.sentence
            return "signed in", ""

        with ThreadPoolExecutor(SIGN_INS) as executor:
            flood = [executor.submit(attempt, number) for number in range(SIGN_INS)]
            while not all(one.done() for one in flood):
                for page in ("/healthz", "/readyz"):
                    began = monotonic()
                    assert other.get(page) == 200
                    waits[page].append(monotonic() - began)
                began = monotonic()
                refresh(other, client_id, tokens["RefreshToken"])
                waits["refresh"].append(monotonic() - began)
                threading.Event().wait(0.05)
        answers = [one.result() for one in flood]
        wire.close()
        other.close()
    assert set(answers) <= {("signed in", ""), ("TooManyRequests", "Rate exceeded")}
    assert answers.count(("signed in", "")) >= PEOPLE
    for what, took_seconds in waits.items():
        assert took_seconds, what
        assert max(took_seconds) < ANSWERS_WITHIN_SECONDS, what
