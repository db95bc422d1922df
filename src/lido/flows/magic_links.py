"""Magic links: a link by e-mail instead of a code, as first factor. What it carries stands behind the `#`.

No server on the way sees that part, and fetching the page in advance uses nothing up: only the app behind it
answers. `same_device`: the link carries a long code, worth nothing without the session that asked for it.
`any_device`: it carries a session of its own, which begins the sign-in with the link proven. Links of Lido's own pages
lead back to a page of theirs, in the same browser, which has a button.
"""

from urllib.parse import quote

from msgspec import structs

from lido import errors
from lido.call import Call
from lido.flows import delivery, letters, progress
from lido.flows.challenges import Turn
from lido.flows.delivery import Letter
from lido.flows.progress import INVALID, PROVEN, Progress
from lido.flows.scenes import Scene
from lido.rules import base64url, first_factors, options
from lido.rules.steps import Proof

PAGE = "LINK_PAGE"
"""Where the links of Lido's own pages lead to, of what those give the engine: an address with a query."""
MARK = "LINK"
"""What tells those pages that no code was sent, but a link."""
_CODE_BYTES = 32


def is_chosen(begun: Progress) -> bool:
    """Whether the first factor that is being asked for is a link."""
    return begun.choice == first_factors.LINK and not begun.proofs


def make(turn: Turn, address: str | None) -> tuple[str, Letter | None]:
    """The code that the session at hand takes, and the message with the link; None for strangers.

    Where a link leads in on any device, the session at hand takes none: the code is told to nobody.
    """
    pool, user = turn.scene.pool, turn.scene.user
    client_id = turn.scene.client.client_id
    code = base64url.encode(turn.call.entropy.bytes(_CODE_BYTES))
    if address is None:
        return code, None
    if turn.progress.door == "pages":  # which keep the session in the browser that asked
        link = f"{turn.required(PAGE)}&link_code={code}"
        return code, delivery.for_trigger(turn.call, letters.sign_in_link(pool, user, address, link, code), client_id)
    page = options.text(pool, "magic_link_url")
    if options.text(pool, "magic_links") == "same_device":
        letter = letters.sign_in_link(pool, user, address, f"{page}#code={code}", code)
        return code, delivery.for_trigger(turn.call, letter, client_id)
    named = quote(turn.progress.typed, safe="")
    link = f"{page}#username={named}&session={_session(turn, address)}"
    letter = letters.sign_in_link(pool, user, address, link, "")
    return code, delivery.for_trigger(turn.call, letter, client_id)


def _session(turn: Turn, address: str) -> str:
    call, scene = turn.call, turn.scene
    proven = structs.replace(
        turn.progress,
        step=PROVEN,
        expires_at=call.now + scene.terms.session_seconds * 1000,
        # A sign-in of its own: what is answered here is not counted there.
        family=b"",
        began_at=0,
        proofs=(Proof("link", call.now, "EMAIL"),),
        address=address,
    )
    client_id = scene.client.client_id
    return progress.write(client_id, progress.seal(call, scene.pool.pool_id, client_id, proven))


def is_one(begun: Progress) -> bool:
    """Whether a sign-in begins with a link."""
    return begun.proofs[0].factor == "link"


def opened(call: Call, scene: Scene, begun: Progress) -> Progress:
    """The sign-in that a link begins, now. Raises NotAuthorized where it went elsewhere, or none lead in any more."""
    user = scene.user
    goes = options.text(scene.pool, "magic_links") == "any_device" and first_factors.sends_links(scene.pool)
    if not goes or user is None or user.email != begun.address or not user.email_verified:
        raise errors.NotAuthorized(INVALID)
    return structs.replace(begun, proofs=(Proof("link", call.now, "EMAIL"),), address="")
