"""What is wrong with settings that are each of their type, alone or beside another, and how an address is written."""

import ipaddress
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from lido.settings import Settings

_REGION = re.compile(r"(?=.{1,32}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_SUFFIX = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")


def about(settings: "Settings") -> Iterator[tuple[str, str]]:
    """What one knob alone cannot show to be wrong: (name, what is wrong)."""
    for one, other in (
        ("tls_cert", "tls_key"),
        ("root_access_key_id", "root_secret_access_key"),
        ("aws_access_key_id", "aws_secret_access_key"),
    ):
        if (getattr(settings, one) is None) != (getattr(settings, other) is None):
            yield one, f"{one} and {other} go together"
    if settings.tls_dev and settings.tls_cert:
        yield "tls_dev", "it makes a certificate of its own, but tls_cert names one"
    if settings.master_key is not None and settings.master_key_file is not None:
        yield "master_key", "master_key_file is set too; set one"
    if settings.database and not re.match(r"sqlite:///.|postgresql://.", settings.database):
        yield "database", "it must be sqlite:///path or postgresql://…"
    if settings.region != ("any",):
        for name in settings.region:
            if not _REGION.fullmatch(name) or name == "any":
                yield "region", f"it must be `any`, or names like us-east-1 with commas between, not {name!r}"
    if settings.argon2_memory_kib < 8 * settings.argon2_parallelism:
        yield "argon2_memory_kib", "each lane needs 8 KiB"
    yield from _about_addresses(settings)


def _about_addresses(settings: "Settings") -> Iterator[tuple[str, str]]:
    public = settings.public_url
    if public and (not _is_url(public, "http", "https") or "@" in public or not public.isascii()):
        yield "public_url", "it must be http(s)://host, without query or fragment, in ASCII"
    if settings.acme_directory is not None and not _is_url(settings.acme_directory, "http", "https"):
        yield "acme_directory", "it must be http(s)://host/path"
    if settings.domain_suffix is not None and not _SUFFIX.fullmatch(settings.domain_suffix):
        yield "domain_suffix", "it must be a name such as auth.example.com, in lower case, without port"
    for name in ("lambda_endpoint", "ses_endpoint", "sns_endpoint", "kms_endpoint"):
        endpoint = (getattr(settings, name) or "http://none").replace("{region}", "region")
        if not _is_url(endpoint, "http", "https") or set("{}@") & set(endpoint):
            yield name, "it must be http(s)://host, and may hold {region}"
    if settings.smtp_url is not None and not _is_url(settings.smtp_url, "smtp", "smtps"):
        yield "smtp_url", "it must be smtp://host or smtps://host"
    if settings.sms_gateway_url is not None and not _is_url(settings.sms_gateway_url, "http", "https"):
        yield "sms_gateway_url", "it must be http(s)://host/path"
    endpoint = (settings.log_delivery_endpoint or "http://x").replace("{service}", "x").replace("{region}", "x")
    if not _is_url(endpoint, "http", "https"):
        yield "log_delivery_endpoint", "it must be http(s)://host, and may hold {service} and {region}"
    if settings.log_delivery_url is not None and not _is_url(settings.log_delivery_url, "http", "https"):
        yield "log_delivery_url", "it must be http(s)://host/path, without query or fragment"
    if set(re.findall(r"{(.*?)}", settings.sms_gateway_form)) - {"from"} != {"to", "text"}:
        yield "sms_gateway_form", "it must hold {to} and {text}, may hold {from}, and no other braces"
    for name in ("trusted_proxies", "private_destinations"):
        for network in getattr(settings, name):
            try:
                ipaddress.ip_network(network)
            except ValueError:
                yield name, f"{network or 'an empty word'} is not a network such as 10.0.0.0/8"


def _is_url(text: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment)
        )
    except ValueError:
        return False


def as_browsers_write(address: str) -> str:
    """The address with a lower-case host, and without the usual port and a slash at its end: so browsers name the
    origin of a form, and so clients compare issuers.
    """
    parts = urlsplit(address.rstrip("/"))
    usual = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts._replace(netloc=parts.netloc.lower().removesuffix(usual)).geturl()
