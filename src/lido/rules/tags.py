"""Tags of a user pool: how many, and which keys are not for everybody."""

from collections.abc import Mapping

from lido import errors

MOST = 50
_RESERVED = "aws:"


def check(tags: Mapping[str, str], fault: type[errors.Fault] = errors.InvalidParameter) -> None:
    """Refuse with `fault` more than 50 tags, and keys that begin with `aws:`."""
    if len(tags) > MOST:
        raise fault(f"A user pool cannot have more than {MOST} tags.")
    if any(key.lower().startswith(_RESERVED) for key in tags):
        raise fault("aws: prefixed tag key names are not allowed for external use.")
