"""How a refusal looks at an OAuth endpoint that answers a program (RFC 6749 §5.2)."""

from starlette.responses import JSONResponse, Response

from lido import errors

HEADERS = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "www-authenticate, dpop-nonce, x-amz-cognito-request-id",
    "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
    "pragma": "no-cache",
    "x-content-type-options": "nosniff",
}
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


def answer(refusal: Exception, *, unknown_client: int = 400) -> Response:
    """A refusal as JSON; `unknown_client` is the status for `invalid_client`, which Cognito varies by endpoint."""
    error, description = worded(refusal)
    status = 429 if isinstance(refusal, _BUSY) else unknown_client if error == "invalid_client" else 400
    headers = HEADERS | ({"www-authenticate": 'Basic realm="OAuth"'} if status == 401 else {})
    return JSONResponse(told(error, description), status, headers | ({"retry-after": "1"} if status == 429 else {}))


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


def _printable(text: str) -> str:
    """The characters that RFC 6749 §5.2 allows in a description."""
    kept = (letter if " " <= letter <= "~" and letter not in '"\\' else " " for letter in text[:_LONGEST_DESCRIPTION])
    return "".join(kept)
