"""Whoever registers clients of a pool as the conformance suite does (RFC 7591), and makes the apps that they are."""

import json
from typing import Any

from tests.conformance.relying_party import RelyingParty
from tests.jose import Signer
from tests.pages import Browser
from tests.world import World

CALLBACK = "https://rp.example.com/callback"


class Registrar:
    """Speaks to the registration endpoint that the metadata of a pool names."""

    def __init__(self, house: World, pool_id: str) -> None:
        self.house, self.pool_id = house, pool_id
        self.issuer = f"{house.lido.settings.public_url}/{pool_id}"
        status, _, body = house.http("GET", f"{self.issuer}/.well-known/openid-configuration")
        assert status == 200
        self.metadata = json.loads(body)

    def ask(self, **changes: Any) -> tuple[int, Any]:
        """Ask for a client as the suite does: status and answer."""
        wish = {
            "client_name": "Conformance",
            "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "client_secret_basic",
            "contacts": ["certification@rp.example.com"],
            "jwks": {"keys": [Signer("RS256").jwk]},
            **changes,
        }
        body = json.dumps({name: value for name, value in wish.items() if value is not None}).encode()
        endpoint = self.metadata["registration_endpoint"]
        status, headers, told = self.house.http("POST", endpoint, {"content-type": "application/json"}, body)
        assert headers["content-type"].partition(";")[0] == "application/json"
        assert "no-store" in headers["cache-control"]
        return status, json.loads(told)

    def app(self, **changes: Any) -> tuple[RelyingParty, Any]:
        """The app of a client that could be registered, and what it was told."""
        status, told = self.ask(**changes)
        assert status == 201, told
        assert {"client_id", "redirect_uris", "grant_types", "token_endpoint_auth_method"} <= told.keys()
        assert ("client_secret" in told) == ("client_secret_expires_at" in told)
        rp = RelyingParty(
            Browser(self.house, self.pool_id, told["client_id"]),
            self.issuer,
            lambda: self.house.clock.now() / 1000,
            client_id=told["client_id"],
            secret=told.get("client_secret", ""),
            redirect_uri=told["redirect_uris"][0],
        )
        return rp, told
