"""Codes that a device shows and a person types (RFC 8628 §6.1): eight of twenty consonants, which spell no words."""

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
LENGTH = 8
RANDOM_BYTES = 16

_LONGEST_TYPED = 64


def make(random_bytes: bytes) -> str:
    """A code from 16 random bytes; no letter is likelier by more than 2^-90."""
    number = int.from_bytes(random_bytes, "big")
    letters = []
    for _ in range(LENGTH):
        number, rest = divmod(number, len(LETTERS))
        letters.append(LETTERS[rest])
    return "".join(letters)


def shown(code: str) -> str:
    """The code as people see it."""
    half = LENGTH // 2
    return f"{code[:half]}-{code[half:]}"


def typed(text: str) -> str | None:
    """The code that somebody typed, in whatever case and with whatever between the letters; None where it is none."""
    if len(text) > _LONGEST_TYPED:
        return None
    letters = "".join(letter for letter in text if letter.isalnum())
    code = letters.upper() if letters.isascii() else ""
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else None
