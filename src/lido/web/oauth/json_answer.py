"""How an OAuth endpoint answers a program: JSON that is kept nowhere and that a page of any origin may read."""

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"www-authenticate, dpop-nonce, x-amz-cognito-request-id"),
    (b"cache-control", b"no-cache, no-store, max-age=0, must-revalidate"),
    (b"pragma", b"no-cache"),
    (b"x-content-type-options", b"nosniff"),
]
_TYPE = (b"content-type", b"application/json")


class JsonAnswer(Response):
    """`told` as JSON, or an empty body for None; `headers` go beside those of every answer."""

    def __init__(self, told: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(told, status, headers)

    def render(self, content: object) -> bytes:
        """The body."""
        return b"" if content is None else msgspec.json.encode(content)

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Starlette's own would encode headers that never change for each answer."""
        more = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        length = (b"content-length", str(len(self.body)).encode())
        self.raw_headers = [*_HEADERS, *more, length, *([_TYPE] if self.body else [])]
