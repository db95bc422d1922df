"""An ACME directory (RFC 8555) for tests: it checks signatures, nonces and hosts as a real one does, and signs by an
authority of the test's. `fetch` is how it looks at a host: host and path in, status and body out.
"""

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from tests.authority import Authority

Fetch = Callable[[str, str], tuple[int, bytes]]


class Problem(Exception):
    """An answer of type `urn:ietf:params:acme:error:…`."""

    def __init__(self, name, status=400):
        super().__init__(name)
        self.status = status


class Directory:
    """Listens while it is entered; `orders` counts what was asked for, `days` is how long its certificates live."""

    def __init__(self, authority: Authority, fetch: Fetch, *, days: int = 90) -> None:
        self.authority, self.fetch, self.days = authority, fetch, days
        self.orders: list[dict] = []
        self.accounts: dict[str, dict] = {}
        self._nonces: set[str] = set()
        self._issued = 0
        directory = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self._answer(directory.index() if self.path == "/dir" else None)

            def do_HEAD(self):
                self._send(200, b"", {})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                try:
                    self._answer(*directory.post(self.path, body))
                except Problem as problem:
                    said = {"type": f"urn:ietf:params:acme:error:{problem}", "detail": str(problem)}
                    self._send(problem.status, json.dumps(said).encode(), {"content-type": "application/problem+json"})

            def _answer(self, said, status=200, headers=None):
                if isinstance(said, bytes):
                    self._send(status, said, {"content-type": "application/pem-certificate-chain"})
                else:
                    self._send(404 if said is None else status, json.dumps(said).encode(), headers or {})

            def _send(self, status, content, headers):
                self.send_response(status)
                sent = {"content-type": "application/json", "replay-nonce": directory.nonce(), **headers}
                for name, value in {**sent, "content-length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.base}/dir"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def index(self):
        paths = {"newNonce": "nonce", "newAccount": "account", "newOrder": "order"}
        return {name: f"{self.base}/{path}" for name, path in paths.items()}

    def nonce(self):
        self._issued += 1
        nonce = _b64(hashlib.sha256(str(self._issued).encode()).digest()[:16])
        self._nonces.add(nonce)
        return nonce

    def post(self, path, body):
        """What a signed request gets: document, status, headers."""
        jws = json.loads(body)
        protected = json.loads(_unb64(jws["protected"]))
        if protected["nonce"] not in self._nonces:
            raise Problem("badNonce")
        self._nonces.discard(protected["nonce"])
        key = protected["jwk"] if path == "/account" else self._key_of(protected.get("kid"))
        if protected["url"] != self.base + path or not _verifies(key, jws):
            raise Problem("unauthorized", 403)
        payload = json.loads(_unb64(jws["payload"])) if jws["payload"] else {}
        match path.split("/")[1:]:
            case ["account"]:
                return self._account(key, payload)
            case ["order"]:
                return self._new_order(protected["kid"], payload)
            case [kind, number]:
                order = self.orders[int(number)]
                if order["account"] != protected["kid"]:
                    raise Problem("unauthorized", 403)
                return getattr(self, f"_{kind}")(order, payload, key)
        raise Problem("malformed", 404)

    def _key_of(self, kid):
        for account in self.accounts.values():
            if account["url"] == kid:
                return account["key"]
        raise Problem("accountDoesNotExist")

    def _account(self, key, payload):
        thumbprint = _thumbprint(key)
        known = thumbprint in self.accounts
        if not known:
            if not payload.get("termsOfServiceAgreed"):
                raise Problem("userActionRequired", 403)
            url = f"{self.base}/accounts/{len(self.accounts)}"
            self.accounts[thumbprint] = {"url": url, "key": key, "contact": payload.get("contact", [])}
        account = self.accounts[thumbprint]
        said = {"status": "valid", "contact": account["contact"]}
        return said, 200 if known else 201, {"location": account["url"]}

    def _new_order(self, account, payload):
        (identifier,) = payload["identifiers"]
        number = len(self.orders)
        token = _b64(hashlib.sha256(f"token {number}".encode()).digest())
        self.orders.append(
            {"number": number, "account": account, "host": identifier["value"], "token": token, "status": "pending"}
        )
        return self._said(self.orders[-1]), 201, {"location": f"{self.base}/orders/{number}"}

    def _orders(self, order, _, __):
        return self._said(order), 200, {}

    def _authorization(self, order, _, __):
        challenge = {
            "type": "http-01",
            "url": f"{self.base}/challenge/{order['number']}",
            "token": order["token"],
            "status": order.get("seen", "pending"),
        }
        if order.get("seen") == "invalid":
            challenge["error"] = {"type": "urn:ietf:params:acme:error:unauthorized", "detail": "wrong answer"}
        said = {"identifier": {"type": "dns", "value": order["host"]}, "challenges": [challenge]}
        return {**said, "status": order.get("seen", "pending")}, 200, {}

    def _challenge(self, order, _, key):
        status, body = self.fetch(order["host"], f"/.well-known/acme-challenge/{order['token']}")
        wanted = f"{order['token']}.{_thumbprint(key)}".encode()
        order["seen"] = "valid" if (status, body.rstrip()) == (200, wanted) else "invalid"
        order["status"] = "ready" if order["seen"] == "valid" else "invalid"
        up = {"link": f'<{self.base}/authorization/{order["number"]}>;rel="up"'}
        said = {"type": "http-01", "url": f"{self.base}/challenge/{order['number']}", "token": order["token"]}
        return {**said, "status": "processing"}, 200, up

    def _finalize(self, order, payload, _):
        if order["status"] != "ready":
            raise Problem("orderNotReady", 403)
        request = x509.load_der_x509_csr(_unb64(payload["csr"]))
        names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if not request.is_signature_valid or names.get_values_for_type(x509.DNSName) != [order["host"]]:
            raise Problem("badCSR")
        order["chain"] = self.authority.sign(request.public_key(), order["host"], days=self.days)
        order["status"] = "valid"
        return self._said(order), 200, {"location": f"{self.base}/orders/{order['number']}"}

    def _certificate(self, order, _, __):
        return order["chain"], 200, {}

    def _said(self, order):
        number = order["number"]
        said = {
            "status": order["status"],
            "identifiers": [{"type": "dns", "value": order["host"]}],
            "authorizations": [f"{self.base}/authorization/{number}"],
            "finalize": f"{self.base}/finalize/{number}",
        }
        return {**said, "certificate": f"{self.base}/certificate/{number}"} if "chain" in order else said


def _verifies(jwk, jws):
    """RFC 7518 section 3.4."""
    numbers = [int.from_bytes(_unb64(jwk[name])) for name in ("x", "y")]
    signature = _unb64(jws["signature"])
    pair = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    key = ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()
    try:
        key.verify(pair, f"{jws['protected']}.{jws['payload']}".encode(), ec.ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def _thumbprint(jwk):
    """RFC 7638."""
    members = json.dumps({name: jwk[name] for name in sorted(("crv", "kty", "x", "y"))}, separators=(",", ":"))
    return _b64(hashlib.sha256(members.encode()).digest())


def _b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
