"""What was said of a user's events: whether it was the user, in the words of whoever said so last."""

from collections.abc import Sequence

from lido.records import Record
from lido.storage.database import Transaction


class Feedback(Record, frozen=True):
    """`value` is Valid or Invalid; `provider` who said so: Admin or User."""

    pool_id: str
    event_id: str
    value: str
    provider: str
    given_at: int


def of_events(tx: Transaction, pool_id: str, event_ids: Sequence[str]) -> dict[str, Feedback]:
    """The feedback on those events, by their ids."""
    if not event_ids:
        return {}
    names = {f"id{place}": event_id for place, event_id in enumerate(event_ids)}
    found = tx.all(
        Feedback,
        f"""SELECT pool_id, event_id, value, provider, given_at FROM event_feedback
            WHERE pool_id = :pool_id AND event_id IN ({", ".join(f":{name}" for name in names)})""",
        pool_id=pool_id,
        **names,
    )
    return {feedback.event_id: feedback for feedback in found}


def put(tx: Transaction, feedback: Feedback) -> bool:
    """Store it, in place of what was said before; False: the same was said already, and its time stays."""
    return (
        tx.run(
            """INSERT INTO event_feedback (pool_id, event_id, value, provider, given_at)
               VALUES (:pool_id, :event_id, :value, :provider, :given_at)
               ON CONFLICT (pool_id, event_id) DO UPDATE SET
                 value = excluded.value, provider = excluded.provider, given_at = excluded.given_at
               WHERE event_feedback.value <> excluded.value OR event_feedback.provider <> excluded.provider""",
            pool_id=feedback.pool_id,
            event_id=feedback.event_id,
            value=feedback.value,
            provider=feedback.provider,
            given_at=feedback.given_at,
        )
        == 1
    )
