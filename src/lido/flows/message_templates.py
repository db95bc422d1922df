"""A pool's own words for its messages: setting them, one source, medium and language at a time, and finding them."""

from msgspec.structs import replace

from lido import errors
from lido.call import Call
from lido.flows import access
from lido.flows.events import Fact, tell
from lido.records import MessageTemplate, Pool, User
from lido.rules import options, templates
from lido.storage import pools

OPERATION = "lido messages templates"
_TRIES = 3


def of(pool: Pool, user: User | None, source: str, medium: str) -> MessageTemplate | None:
    """The words for this user; None where the pool has none in a language for them, and Cognito's templates speak."""
    locale = user.attributes.get("locale", "") if user else ""
    return templates.find(pool.settings.templates, source, medium, locale, options.text(pool, "default_language"))


def every(call: Call, pool_id: str) -> tuple[MessageTemplate, ...]:
    """All words of a pool, by source, medium and language. Raises ResourceNotFound."""
    with call.db.read() as tx:
        return access.require_pool(call, tx, pool_id).settings.templates


def find(call: Call, pool_id: str, source: str, medium: str, language: str) -> MessageTemplate:
    """The words for exactly that. Raises ValueError where there are none, ResourceNotFound."""
    wanted = (source, medium, templates.language(language))
    for template in every(call, pool_id):
        if _key(template) == wanted:
            return template
    raise ValueError(f"There are no words for {source} by {medium} in {language}.")


def put(call: Call, pool_id: str, template: MessageTemplate) -> MessageTemplate:
    """Store words in place of those for the same, and return them with the language as it is compared.

    Raises ValueError with a sentence, ResourceNotFound, ConcurrentModification.
    """
    template = replace(template, language=templates.language(template.language))
    templates.check(template)
    _change(call, pool_id, template, [template])
    return template


def remove(call: Call, pool_id: str, source: str, medium: str, language: str) -> None:
    """Go back to Cognito's templates. Raises ValueError, ResourceNotFound, ConcurrentModification."""
    _change(call, pool_id, find(call, pool_id, source, medium, language), [])


def _change(call: Call, pool_id: str, changed: MessageTemplate, put: list[MessageTemplate]) -> None:
    for _ in range(_TRIES):
        with call.db.write() as tx:
            seen = access.require_pool(call, tx, pool_id)
            others = [each for each in seen.settings.templates if _key(each) != _key(changed)]
            after = tuple(sorted([*others, *put], key=_key))
            _require_room(after)
            settings = replace(seen.settings, templates=after)
            if pools.set_settings(tx, seen, name=seen.name, settings=settings, now=call.now):
                names = [f"{changed.source}.{changed.medium}.{changed.language}"]
                tell(call, tx, pool_id, "pool_changed", fact=Fact(operation=OPERATION, names=names))
                return
    raise errors.ConcurrentModification


def _key(template: MessageTemplate) -> tuple[str, str, str]:
    return (template.source, template.medium, template.language)


def _require_room(after: tuple[MessageTemplate, ...]) -> None:
    characters = sum(len(each.subject) + len(each.text) + len(each.html) for each in after)
    if len(after) > templates.MOST or characters > templates.MOST_CHARACTERS:
        raise ValueError(
            f"A pool has room for {templates.MOST} templates of {templates.MOST_CHARACTERS} characters together."
        )
