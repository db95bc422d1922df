from uuid import UUID

from lido.ports.entropy import SystemEntropy

NOW = 1_790_000_000_123


def test_ids_of_one_millisecond_sort_by_their_making():
    entropy = SystemEntropy()
    ids = [entropy.time_ordered_id(NOW) for _ in range(1000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == 1000


def test_ids_sort_by_time_whatever_the_order_of_their_making():
    entropy = SystemEntropy()
    later, earlier = entropy.time_ordered_id(NOW + 1), entropy.time_ordered_id(NOW)
    assert earlier < later


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_it():
    made = UUID(SystemEntropy().time_ordered_id(NOW))
    assert made.version == 7
    assert made.int >> 80 == NOW
