"""The words of messages that a pool's CustomMessage trigger may change: asked for before the message is written."""

from lido import errors
from lido.call import Call
from lido.flows import codes, triggers
from lido.records import Pool, User
from lido.rules import confirmation_links, custom_messages, trigger_events
from lido.rules.custom_messages import Words
from lido.rules.trigger_events import Trigger

SENDERS: dict[str, Trigger] = {"EMAIL": "CustomEmailSender", "SMS": "CustomSMSSender"}
"""The trigger that sends messages of each medium itself, where a pool names it."""

TEMPLATES = Words()
"""Nothing but the pool's templates."""


def ask(
    call: Call,
    pool: Pool,
    user: User,
    medium: str,
    source: str,
    client_id: str | None,
    *,
    purpose: str | None = None,
) -> Words:
    """The trigger's words for a message to that user; who has a sender of their own needs none.

    `purpose` is that of a code of which only so many may be asked for. Raises UserLambdaValidation, UnexpectedLambda,
    InvalidLambdaResponse, TooManyRequests, LimitExceeded.
    """
    if not _is_asked(pool, medium):
        return TEMPLATES
    if purpose is not None:
        codes.require_left(call, pool, user.sub, purpose)
    told = trigger_events.attributes(pool, user)
    by_link = confirmation_links.are_sent(pool, source, medium)
    event = custom_messages.custom_message(source, user.username, client_id, told, call.client_metadata)
    return triggers.ask(call, pool, event, lambda response: custom_messages.words(response, source, by_link=by_link))


def require_asked(pool: Pool, medium: str, words: Words | None) -> Words:
    """The words; UnexpectedLambda where the trigger was named only after they could have been asked for."""
    if words is None and _is_asked(pool, medium):
        raise errors.UnexpectedLambda("CustomMessage invocation failed due to error ResourceConflictException.")
    return words or TEMPLATES


def _is_asked(pool: Pool, medium: str) -> bool:
    return triggers.is_named(pool, "CustomMessage") and not triggers.is_named(pool, SENDERS[medium])
