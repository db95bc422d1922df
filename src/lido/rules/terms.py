"""Links to documents that people agree to: which are taken, and which a language is given."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from lido import errors

DEFAULT = "cognito:default"
TERMS_OF_USE, PRIVACY_POLICY = "terms-of-use", "privacy-policy"

# The languages of the pages, as links call them.
_LANGUAGES = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "id": "bahasa-indonesia",
    "it": "italian",
    "ja": "japanese",
    "ko": "korean",
    "nl": "dutch",
    "pt-BR": "portuguese-brazil",
    "zh-CN": "chinese-simplified",
    "zh-TW": "chinese-traditional",
}


def check_links(links: Mapping[str, str] | None) -> dict[str, str]:
    """The links as they are kept. Raises InvalidParameter without a default, or for what no page may link to."""
    if not links or DEFAULT not in links:
        raise errors.InvalidParameter(f"Links must contain {DEFAULT}.")
    for language, url in links.items():
        if not _is_web_address(url):
            raise errors.InvalidParameter(f"The link for {language} is not a valid URL.")
    return dict(links)


def link(links: Mapping[str, str], language: str) -> str:
    """The address for a language of the pages (`en`, `pt-BR`), else the default one."""
    return links.get(f"cognito:{_LANGUAGES.get(language, '')}", links[DEFAULT])


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and "\\" not in url
    except ValueError:
        return False
