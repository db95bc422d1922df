import base64

import pytest

from lido import errors
from lido.rules import paging

NOW = 1_767_225_600_000
SENTENCE = "Paging marker is invalid."
DIGEST = paging.parameters_digest({"Filter": "a", "Limit": 60})


class OpenRing:
    """Seals nothing, yet keeps purpose and binding, as a key ring does."""

    def seal_text(self, purpose: str, content: bytes, *binding: str) -> str:
        return base64.urlsafe_b64encode("\0".join([purpose, *binding, ""]).encode() + b"\n" + content).decode()

    def open_text(self, purpose: str, text: str, *binding: str) -> bytes:
        place, _, content = base64.urlsafe_b64decode(text).partition(b"\n")
        if place != "\0".join([purpose, *binding, ""]).encode():
            raise ValueError("not for this place")
        return content


def token(**changes):
    given = {"operation": "ListUsers", "pool_id": "p", "parameters": DIGEST, "key": ["a b", 7], "expires_at": NOW + 1}
    return paging.token(OpenRing(), **(given | changes))


def read(text, **changes):
    given = {"operation": "ListUsers", "pool_id": "p", "parameters": DIGEST, "now": NOW, "sentence": SENTENCE}
    return paging.read(OpenRing(), text=text, **(given | changes))


def test_a_token_leads_on():
    assert read(token()) == ["a b", 7]
    assert read(token(caller="operator"), caller="operator") == ["a b", 7]


@pytest.mark.parametrize(
    "changes",
    [
        {"operation": "ListGroups"},
        {"pool_id": "q"},
        {"parameters": paging.parameters_digest({"Filter": "b", "Limit": 60})},
        {"caller": "another"},
        {"now": NOW + 1},
    ],
)
def test_a_token_is_good_for_its_own_list_and_hour(changes):
    with pytest.raises(errors.InvalidParameter) as refusal:
        read(token(), **changes)
    assert refusal.value.message == SENTENCE


@pytest.mark.parametrize(
    "text", ["", "!", "x" * 9000, base64.urlsafe_b64encode(b"page\0p\0ListUsers\0\0\n\x93").decode()]
)
def test_what_is_no_token_is_refused(text):
    with pytest.raises(errors.InvalidParameter):
        read(text)


def test_absent_and_null_parameters_are_the_same():
    assert paging.parameters_digest({"Filter": None, "Limit": 1}) == paging.parameters_digest({"Limit": 1})
