"""`--demo`: a pool, a client and a confirmed user to try, made once; and what to type to sign that user in."""

import os
import sys
from base64 import b32encode
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlencode

import msgspec

from lido.assembly import Lido
from lido.call import Call
from lido.cli import credentials, tls
from lido.flows import demo, operators
from lido.operations import perform
from lido.ports import files
from lido.settings import Settings, load

POOL = "demo"
USERNAME = "demo"
FLOWS = [
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
]
APP_URLS = ["http://localhost:3000/callback", "http://localhost:3000/", "http://localhost:5173/"]
"""Where an app in development is likely to be; the sign-in page leads to the first."""
OAUTH = {
    "AllowedOAuthFlowsUserPoolClient": True,
    "AllowedOAuthFlows": ["code"],
    "AllowedOAuthScopes": ["openid", "email", "profile"],
    "CallbackURLs": APP_URLS,
    "LogoutURLs": APP_URLS,
    "SupportedIdentityProviders": ["COGNITO"],
}


class Demo(msgspec.Struct, frozen=True):
    """What was made."""

    pool_id: str
    client_id: str
    username: str
    password: str


def provide(lido: Lido) -> str:
    """What to tell the person at the terminal; the first time in this database everything is made."""
    path = Path(lido.settings.data_dir) / "demo.json"
    call = lido.call()
    known = demo.find(call)
    if known is None:
        made = _make(operators.as_root(call))
        files.write_private(path, msgspec.json.format(msgspec.json.encode(made)).decode() + "\n", replace=True)
        known = demo.remember(call, made.pool_id)
    if not demo.is_alive(call, known):
        return f"The demo pool {known} was deleted; it is made once, and not again."
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=Demo)
    except (OSError, msgspec.DecodeError):
        return f"The demo pool is {known}, but the file {path} with its user's password is gone."
    if kept.pool_id != known:
        return f"The demo pool is {known}, but the file {path} tells of {kept.pool_id}, in another database."
    return tour(lido.settings, kept, path)


def _make(call: Call) -> Demo:
    """By the operations that any operator would call."""

    def ask(operation: str, **document: Any) -> Any:
        return msgspec.json.decode(perform("cognito-idp", operation, call, document) or b"{}")

    # Random in its middle; around it what a password policy wants to see.
    password = f"Demo-{b32encode(call.entropy.bytes(10)).decode().lower()}-1"
    pool_id = ask("CreateUserPool", PoolName=POOL, AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
    client = ask("CreateUserPoolClient", UserPoolId=pool_id, ClientName=POOL, ExplicitAuthFlows=FLOWS, **OAUTH)
    ask(
        "AdminCreateUser",
        UserPoolId=pool_id,
        Username=USERNAME,
        MessageAction="SUPPRESS",
        UserAttributes=[
            {"Name": "email", "Value": "demo@example.com"},
            {"Name": "email_verified", "Value": "true"},
        ],
    )
    ask("AdminSetUserPassword", UserPoolId=pool_id, Username=USERNAME, Password=password, Permanent=True)
    return Demo(pool_id, client["UserPoolClient"]["ClientId"], USERNAME, password)


def tour(settings: Settings, demo: Demo, path: Path) -> str:
    """Where everything is, and the same sign-in three ways, each to be pasted into a shell."""
    region = demo.pool_id.partition("_")[0]
    rows = [
        ("endpoint", settings.public_url),
        ("region", region),
        ("user pool", demo.pool_id),
        ("app client", demo.client_id),
        ("user", demo.username),
        ("password", f"{demo.password}  (kept in {path})"),
        ("sign-in page", _sign_in_page(settings, demo)),
        ("operators' key", f"{credentials.path_of(settings)}, profile {credentials.PROFILE}"),
    ]
    listed = "\n".join(f"  {name:<15} {value}" for name, value in rows)
    ways = "\n\n".join(f"  {way}" for way in _ways(settings, demo, region))
    return f"\nA user to try:\n\n{listed}\n\nSign in, three ways:\n\n{ways}\n"


def _sign_in_page(settings: Settings, demo: Demo) -> str:
    """Its address as an app would open it."""
    query = {"client_id": demo.client_id, "response_type": "code", "redirect_uri": APP_URLS[0]}
    return f"{settings.public_url}/{demo.pool_id}/login?{urlencode(query)}"


def _ways(settings: Settings, demo: Demo, region: str) -> list[str]:
    parameters = {"USERNAME": demo.username, "PASSWORD": demo.password}
    document = msgspec.json.encode(
        {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": demo.client_id, "AuthParameters": parameters}
    ).decode()
    authority = str(tls.authority_file(settings)) if _has_own_authority(settings) else ""
    aws = ["aws", "cognito-idp", "initiate-auth", "--endpoint-url", settings.public_url, "--no-sign-request"]
    aws += ["--ca-bundle", authority] if authority else []
    aws += ["--region", region, "--auth-flow", "USER_PASSWORD_AUTH", "--client-id", demo.client_id]
    aws += ["--auth-parameters", ",".join(f"{name}={value}" for name, value in parameters.items())]
    curl = ["curl", "-s", *(["--cacert", authority] if authority else []), f"{settings.public_url}/"]
    curl += ["-H", "X-Amz-Target: AWSCognitoIdentityProviderService.InitiateAuth"]
    curl += ["-H", "Content-Type: application/x-amz-json-1.1", "-d", document]
    own = [*_program(), "call", *_where(settings), "InitiateAuth", document]
    return [" ".join(quote(word) for word in words) for words in (aws, curl, own)]


def _has_own_authority(settings: Settings) -> bool:
    """Whether the server's certificate is the local authority's (see cli/tls.py)."""
    return bool(settings.tls_cert) and Path(str(settings.tls_cert)).parent == tls.authority_file(settings).parent


def _program() -> list[str]:
    """This program, as a shell in this folder would start it."""
    started = Path(sys.argv[0])
    if started.name == "__main__.py":
        return [sys.executable, "-m", "lido"]
    relative = os.path.relpath(started)
    return [str(started) if relative.startswith("..") else relative]


def _where(settings: Settings) -> list[str]:
    """The options that `lido call` needs to find this server."""
    usual = load({}, {})  # not by variables: the next shell may not have them
    words = [] if settings.public_url == usual.public_url else ["--endpoint", settings.public_url]
    return words if settings.data_dir == usual.data_dir else [*words, "--data-dir", settings.data_dir]
