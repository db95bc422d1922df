"""Chromium without a window, whose passkeys are kept by a virtual authenticator, on pages that this process serves."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent


def missing() -> str | None:
    """Why no browser can be started here; None where one can."""
    return None if shutil.which("chromium") else "chromium is not installed: nothing is tried in a browser"


@contextmanager
def pages(folder: Path = HERE) -> Iterator[str]:
    """The address at which the pages of a folder are served."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("localhost", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://localhost:{served.server_address[1]}"
        served.shutdown()


@contextmanager
def browser(**options: Any) -> Iterator[Page]:
    """An empty page of a fresh browser; `options` are those of a context."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        page = chromium.new_page(**options)
        yield page
        chromium.close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files without a log."""

    def log_message(self, *_: object) -> None:
        """Nothing."""


class Authenticator:
    """The platform authenticator of a page's browser. `verifies`: it checks its user, by a finger that always fits."""

    def __init__(self, page: Page, *, verifies: bool = True) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": verifies,
            "isUserVerified": verifies,
            "automaticPresenceSimulation": True,
        }
        added = self._devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = added["authenticatorId"]

    def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        kept: list[dict[str, Any]] = self._devtools.send("WebAuthn.getCredentials", {"authenticatorId": self._id})[
            "credentials"
        ]
        return kept

    def count_from(self, count: int) -> None:
        """Set back, or forward, the counter of every credential, as a copy of them would count."""
        for credential in self.credentials():
            where = {"authenticatorId": self._id, "credentialId": credential["credentialId"]}
            self._devtools.send("WebAuthn.removeCredential", where)
            changed = credential | {"signCount": count}
            self._devtools.send("WebAuthn.addCredential", {"authenticatorId": self._id, "credential": changed})

    def forget_verification(self) -> None:
        """From now on the finger does not fit."""
        self._devtools.send("WebAuthn.setUserVerified", {"authenticatorId": self._id, "isUserVerified": False})
