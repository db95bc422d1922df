"""Ids that tell when they were made (RFC 9562 version 7): their first 48 bits are milliseconds since 1970."""


def first_id_at(at: int) -> str:
    """What sorts before every id made at that millisecond or later."""
    digits = f"{max(at, 0):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def made_at(id_: str) -> int:
    """When an id was made."""
    return int(id_[:8] + id_[9:13], 16)
