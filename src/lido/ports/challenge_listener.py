"""A port without TLS that answers challenges of an ACME directory and nothing else (RFC 8555 section 8.3)."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog

PREFIX = "/.well-known/acme-challenge/"
_IDLE_SECONDS = 10
_log = structlog.get_logger("lido.certificates")


def serve_challenges(answer: Callable[[str], str | None], host: str, port: int) -> bool:
    """Answer with what `answer` has for a token, from threads; False, with a warning, when the port cannot be had."""

    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_SECONDS

        def do_GET(self) -> None:
            found = answer(self.path.removeprefix(PREFIX)) if self.path.startswith(PREFIX) else None
            content = (found or "Not Found").encode()
            self.send_response(200 if found else 404)
            self.send_header("content-type", "text/plain")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def version_string(self) -> str:
            return "lido"

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing: anybody may ask."""

    try:
        server = ThreadingHTTPServer((host, port), Handler)
    except OSError as error:
        _log.warning("the port for challenges cannot be opened", host=host, port=port, trouble=error.strerror)
        return False
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="challenges", daemon=True).start()
    return True
