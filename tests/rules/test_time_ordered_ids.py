import pytest
from tests.fakes import QuickEntropy

from lido.rules.time_ordered_ids import first_id_at, made_at

MOMENTS = [0, 1, 1_790_000_000_000]


@pytest.mark.parametrize("ms", MOMENTS)
def test_the_first_id_of_a_moment_parts_earlier_from_later(ms):
    entropy = QuickEntropy()
    assert entropy.time_ordered_id(ms) > first_id_at(ms)
    assert ms == 0 or entropy.time_ordered_id(ms - 1) < first_id_at(ms)


@pytest.mark.parametrize("ms", MOMENTS)
def test_an_id_tells_when_it_was_made(ms):
    assert made_at(QuickEntropy().time_ordered_id(ms)) == ms
