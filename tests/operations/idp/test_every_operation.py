"""Every text of every request, within and beyond what the service model of botocore says of it.

Beyond, the constraint's own sentence is the answer; within, whatever the operation says, and never a fault of ours.
The members are all tried each time; `LIDO_TEST_FUZZ` is how many more texts are drawn, new ones each time.
"""

import json
import os
from typing import Any, NamedTuple

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.session import get_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.abuse.requests import Inhabited, smallest
from tests.abuse.test_input import sent
from tests.operations.test_checking import texts
from tests.world import World

from lido import operations
from lido.operations.patterns import matcher
from lido.shapes import Text
from lido.shapes.catalogue import OPERATIONS

ASKED = os.environ.get("LIDO_TEST_FUZZ")
PROFILE = settings(
    max_examples=int(ASKED or 150),
    derandomize=ASKED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SERVICE = "cognito-idp"
DEEPEST = 6
LONGEST = 3_000
LOOSE_PATTERNS = {"DomainType"}
"""A custom domain has dots, whatever the model says."""
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
MODEL = get_session().get_service_model(SERVICE)
BUILT = sorted(name for service, name in operations.built() if service == SERVICE)


class Member(NamedTuple):
    """A text somewhere in the request of an operation, and what the model says of it."""

    operation: str
    way: tuple[Any, ...]
    limits: Text


def strings(operation: str, shape: Shape, way: tuple[Any, ...] = ()) -> list[Member]:
    match shape:
        case StructureShape() if len(way) < DEEPEST:
            return [member for name, part in shape.members.items() for member in strings(operation, part, (*way, name))]
        case ListShape():
            return strings(operation, shape.member, (*way, 0))
        case MapShape():
            return [*strings(operation, shape.key, (*way, "key")), *strings(operation, shape.value, (*way, "value"))]
        case StringShape():
            told = shape.metadata
            pattern = None if shape.name in LOOSE_PATTERNS else told.get("pattern")
            return [Member(operation, way, Text(told.get("min"), told.get("max"), pattern, tuple(shape.enum)))]
        case _:
            return []


MEMBERS = [member for name in BUILT for member in strings(name, MODEL.operation_model(name).input_shape)]


def broken(limits: Text, value: str) -> list[str]:
    """How the sentences begin about what this value breaks."""
    said = []
    if limits.minimum is not None and len(value) < limits.minimum:
        said.append(f"Member must have length greater than or equal to {limits.minimum}")
    if limits.maximum is not None and len(value) > limits.maximum:
        said.append(f"Member must have length less than or equal to {limits.maximum}")
    elif limits.pattern and not matcher(limits.pattern)(value):
        said.append(f"Member must satisfy regular expression pattern: {limits.pattern}")
    if limits.values and value not in limits.values:
        said.append("Member must satisfy enum value set: [")
    return said


def place(way: tuple[Any, ...], document: Any) -> str:
    """Where a sentence says that the text is; a value of a list or map is refused with the whole of it."""
    told = ""
    for step in way[:-1] if way[-1] in (0, "key", "value") else way:
        name = next(iter(document)) if step == "value" else step
        told += ".1.member" if step == 0 else f".{name}.member" if step == "value" else f".{name[:1].lower()}{name[1:]}"
        document = document[name]
    return told.removeprefix(".")


def wrong(house: World, living: dict[str, list[Any]], member: Member, value: str) -> str | None:
    """What is wrong with the answer to a request with that text, if anything is."""
    request = OPERATIONS[SERVICE, member.operation].request
    document = smallest(SERVICE, request, member.way, value, living)
    status, headers, body = sent(house, SERVICE, member.operation, json.dumps(document).encode())
    answer = f"{member.operation} {member.way} {value[:30]!a}: {status} {body[:300]!r}"
    if status not in (200, 400):
        return answer
    message = json.loads(body or b"{}").get("message", "") if status == 400 else ""
    about = f"at '{place(member.way, document)}' failed to satisfy constraint: "
    expected = broken(member.limits, value)
    if not expected:
        return answer if about in message else None
    is_refused = headers.get("x-amzn-errortype") == "InvalidParameterException:"
    said = message.partition(about)[2] if about in message else ""
    return None if is_refused and all(sentence in message for sentence in expected) and said else answer


def edges(limits: Text) -> list[str]:
    """Samples of what is allowed, and the first texts that are not."""
    found = [*texts(limits)[:2], "", "\u202e😀", " "]
    if limits.minimum:
        found.append("a" * (limits.minimum - 1))
    if limits.maximum is not None and limits.maximum <= 140_000:
        found += ["a" * limits.maximum, "a" * (limits.maximum + 1)]
    return found


def test_no_text_of_any_request_is_taken_beyond_its_constraints(town: Inhabited) -> None:
    living = town.alive()

    said = [wrong(town.house, living, member, value) for member in MEMBERS for value in edges(member.limits)]
    assert [answer for answer in said if answer] == []


@PROFILE
@given(data=st.data())
def test_whatever_is_written_into_a_request_is_answered_in_the_words_of_its_model(
    town: Inhabited, data: st.DataObject
) -> None:
    member = data.draw(st.sampled_from(MEMBERS))
    most = min(LONGEST, (member.limits.maximum or LONGEST) + 2)
    about_right = st.sampled_from(texts(member.limits))
    value = data.draw(st.one_of(st.text(LETTERS, max_size=most), about_right, about_right.map(lambda text: text[:-1])))

    assert wrong(town.house, town.alive(), member, value) is None


@pytest.fixture
def town(house: World) -> Inhabited:
    return Inhabited(house)
