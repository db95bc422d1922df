"""One spelling for each byte string."""

import pytest

from lido.rules import base64url


@pytest.mark.parametrize(
    ("content", "text"),
    [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"foob", "Zm9vYg"), (b"\xfb\xff", "-_8")],
)
def test_the_vectors_of_rfc_4648_without_padding(content: bytes, text: str) -> None:
    assert base64url.encode(content) == text
    assert base64url.decode(text) == content


@pytest.mark.parametrize("text", ["Zg==", "Zh", "Z", "+/8", "Zm9v\n", "Z m9v", "Zm9é", "Zm9v=", "\ud800", "Zg\0"])
def test_any_other_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        base64url.decode(text)
