"""Links that confirm a sign-up (CONFIRM_WITH_LINK): which messages hold one, and what it carries."""

from urllib.parse import urlencode

from lido.records import Pool

PATH = "confirmUser"
_SOURCES = ("SignUp", "ResendCode")


def are_sent(pool: Pool, source: str, medium: str) -> bool:
    """Whether a message holds a link instead of a code."""
    template = pool.settings.shape.verification_message_template
    wanted = template is not None and template.default_email_option == "CONFIRM_WITH_LINK"
    return wanted and medium == "EMAIL" and source in _SOURCES


def make(base: str, client_id: str, username: str, code: str) -> str:
    """The link; `base` is where clients are led to the pool, whatever name a request came to."""
    query = urlencode({"client_id": client_id, "user_name": username, "confirmation_code": code})
    return f"{base}/{PATH}?{query}"
