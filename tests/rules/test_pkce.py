"""PKCE, with the example of RFC 7636 appendix B."""

import pytest

from lido.rules import pkce

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_verifier_answers_its_challenge():
    assert pkce.is_challenge(CHALLENGE)
    assert pkce.verifies(VERIFIER, CHALLENGE)
    assert pkce.verifies(None, None)


@pytest.mark.parametrize(
    "verifier", [None, "", "short", VERIFIER[:-1] + "l", CHALLENGE, VERIFIER + "\n", "é" * 50, "a" * 129]
)
def test_nothing_else_does(verifier):
    assert not pkce.verifies(verifier, CHALLENGE)


def test_a_verifier_without_a_challenge_is_a_downgrade():
    assert not pkce.verifies(VERIFIER, None)


@pytest.mark.parametrize("text", ["", CHALLENGE[:-1], CHALLENGE + "=", CHALLENGE[:-1] + "+", CHALLENGE + "\n"])
def test_what_is_no_challenge_is_told(text):
    assert not pkce.is_challenge(text)
