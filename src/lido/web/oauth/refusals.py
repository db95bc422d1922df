"""How a refusal looks at an OAuth endpoint that answers a program (RFC 6749 §5.2)."""

from collections.abc import Mapping

from lido import errors
from lido.web.oauth.json_answer import JsonAnswer

REFUSALS = (errors.OAuthError, errors.Fault)
"""What `answer` words."""

_BUSY = (errors.TooManyRequests, errors.LimitExceeded)
_OF_A_TRIGGER = (errors.UserLambdaValidation, errors.UnexpectedLambda, errors.InvalidLambdaResponse)
_OF_A_GRANT = (
    errors.NotAuthorized,
    errors.PasswordResetRequired,
    errors.RefreshTokenReuse,
    errors.UserNotConfirmed,
    errors.UserNotFound,
)
_LONGEST_DESCRIPTION = 1_024


def answer(refusal: Exception, *, unknown_client: int = 400) -> JsonAnswer:
    """A refusal as JSON; `unknown_client` is the status for `invalid_client`, which Cognito varies by endpoint."""
    error, description = worded(refusal)
    status = 429 if isinstance(refusal, _BUSY) else unknown_client if error == "invalid_client" else 400
    return JsonAnswer(told(error, description), status, _headers(refusal, status))


def unmet(status: int, headers: Mapping[str, str] | None = None) -> JsonAnswer:
    """A request that reaches no endpoint, or while nothing can be answered: a page of any origin may read that too."""
    return JsonAnswer(
        told("temporarily_unavailable" if status in (429, 503) else "invalid_request", None), status, headers
    )


def told(error: str, description: str | None) -> dict[str, str]:
    """The body of a refusal."""
    return {"error": error} | ({"error_description": _printable(description)} if description else {})


def worded(refusal: Exception) -> tuple[str, str | None]:
    """Error and description of a refusal."""
    if isinstance(refusal, errors.OAuthError):
        return refusal.error, refusal.description
    if isinstance(refusal, _BUSY):
        return "temporarily_unavailable", None
    if isinstance(refusal, _OF_A_TRIGGER):
        return "invalid_grant", str(refusal)
    return ("invalid_grant" if isinstance(refusal, _OF_A_GRANT) else "invalid_request"), None


def _headers(refusal: Exception, status: int) -> dict[str, str] | None:
    if status == 401:
        return {"www-authenticate": 'Basic realm="OAuth"'}
    if status == 429:
        seconds = refusal.retry_after_seconds if isinstance(refusal, errors.TooManyRequests) else 1
        return {"retry-after": str(seconds)}
    return None


def _printable(text: str) -> str:
    """The characters that RFC 6749 §5.2 allows in a description."""
    kept = (letter if " " <= letter <= "~" and letter not in '"\\' else " " for letter in text[:_LONGEST_DESCRIPTION])
    return "".join(kept)
