"""botocore signs; what it signed passes, and any one change fails."""

import datetime as dt
import hashlib
from collections.abc import Callable

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from lido import errors
from lido.web.aws.signature import Secret, Signed, SignedRequest, SigningKeys, verify

KEY_ID, KEY = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = 1_767_225_600_000  # 2026-01-01T00:00:00Z
TARGET = "AWSCognitoIdentityProviderService.ListUsers"
BODY = b'{"UserPoolId":"us-east-1_aB3dE5fG7"}'


def signed(
    headers: dict[str, str] | None = None,
    *,
    at: int = NOW,
    token: str | None = None,
    key: str = KEY,
    key_id: str = KEY_ID,
    body: bytes = BODY,
    path: str = "/",
    query: str = "",
    region: str = "us-east-1",
    service: str = "cognito-idp",
) -> SignedRequest:
    """A request that botocore signed at `at`, as a server sees it."""
    url = f"https://cognito-idp.us-east-1.amazonaws.com{path}{query and '?' + query}"
    given = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.1", **(headers or {})}
    request = AWSRequest("POST", url, headers=given, data=body)
    moment = dt.datetime.fromtimestamp(at / 1000, dt.UTC)
    real = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda: moment
    try:
        botocore.auth.SigV4Auth(Credentials(key_id, key, token), service, region).add_auth(request)
    finally:
        botocore.auth.get_current_datetime = real
    wire = [(name.lower().encode(), value.encode()) for name, value in request.headers.items()]
    wire.append((b"host", b"cognito-idp.us-east-1.amazonaws.com"))
    return SignedRequest("POST", path, query.encode(), wire, body)


def check(request: SignedRequest, secret: Secret | None = None, **changes) -> Signed:
    found = {KEY_ID: secret or Secret(KEY)}
    settings = {"find_secret": found.get, "now": NOW, "service": "cognito-idp", "serves": {"us-east-1"}.__contains__}
    return verify(request, **(settings | changes))


def with_header(request: SignedRequest, name: bytes, change: Callable[[bytes], bytes]) -> SignedRequest:
    headers = [(each, change(value) if each == name else value) for each, value in request.headers]
    return request._replace(headers=headers)


def test_what_botocore_signed_is_accepted():
    assert check(signed()) == Signed(KEY_ID, "us-east-1", "cognito-idp", None, NOW)


def test_the_published_example_of_the_signing_key_is_met():
    key = SigningKeys().signing_key(
        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam"
    )
    assert key.hex() == "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9"


@pytest.mark.parametrize(
    "value",
    ["plain", "  led and trailed  ", "many    spaces", 'quoted  "a   b"', "tab\tinside", "comma, list", "", "é"],
)
def test_odd_header_values_are_folded_as_botocore_folds_them(value):
    assert check(signed({"X-Amz-Meta": value, "X-Other": value}))


def test_repeated_headers_are_joined_unless_they_matter():
    request = signed({"X-Other": "a,b"})
    split = [pair for pair in request.headers if pair[0] != b"x-other"] + [(b"x-other", b"a"), (b"x-other", b" b ")]
    assert check(request._replace(headers=split))


@pytest.mark.parametrize("name", [b"authorization", b"host", b"x-amz-date", b"x-amz-target", b"content-type"])
def test_a_header_that_matters_is_refused_when_it_comes_twice(name):
    request = signed()
    again = next(pair for pair in request.headers if pair[0] == name)
    with pytest.raises(errors.IncompleteSignature):
        check(request._replace(headers=[*request.headers, again]))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), st.sampled_from(["X-Amz-A", "X-B"]))
def test_any_printable_header_value_is_canonicalised_as_botocore_does(value, name):
    assert check(signed({name: value}))


def test_a_query_and_a_path_are_signed_as_they_stand():
    assert check(signed(query="b=2&a=1"))
    assert check(signed(path="/v1/a%20b"))


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r._replace(method="GET"),
        lambda r: r._replace(path="/other"),
        lambda r: r._replace(query=b"a=1"),
        lambda r: r._replace(body=BODY + b" "),
        lambda r: r._replace(body=b""),
        lambda r: with_header(r, b"host", lambda _: b"evil.example"),
        lambda r: with_header(r, b"x-amz-target", lambda _: b"AWSCognitoIdentityProviderService.DeleteUserPool"),
        lambda r: with_header(r, b"content-type", lambda _: b"text/plain"),
        lambda r: with_header(r, b"x-amz-date", lambda _: b"20260101T000001Z"),
        lambda r: with_header(r, b"authorization", lambda v: v[:-1] + (b"0" if v[-1:] != b"0" else b"1")),
        lambda r: with_header(r, b"authorization", lambda v: v[:-1]),
        lambda r: with_header(r, b"authorization", lambda v: v + b"\xff"),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"us-east-1", b"eu-west-1")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"cognito-idp", b"cognito-identity")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"aws4_request", b"aws5_request")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"/20260101/", b"/20251231/")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"host;", b"")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b";x-amz-target", b"")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b";x-amz-date", b"")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"content-type;host", b"host;content-type")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"host;", b"host;host;")),
        lambda r: with_header(r, b"authorization", lambda v: v.replace(b"host;", b"gone;host;")),
        lambda r: r._replace(headers=[*r.headers, (b"x-amz-added", b"later")]),
        lambda r: r._replace(headers=[*r.headers, (b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD")]),
    ],
)
def test_any_change_after_signing_is_refused(change):
    with pytest.raises(errors.InvalidSignature):
        check(change(signed()), serves=None)


def test_a_signed_hash_must_be_that_of_the_body():
    digest = hashlib.sha256(BODY).hexdigest()
    assert check(signed({"X-Amz-Content-SHA256": digest}))
    for stated in ("UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", hashlib.sha256(b"").hexdigest()):
        with pytest.raises(errors.InvalidSignature, match="x-amz-content-sha256"):
            check(signed({"X-Amz-Content-SHA256": stated}))


def test_a_signature_is_good_for_five_minutes_either_way():
    for seconds in (-300, 300):
        assert check(signed(), now=NOW + seconds * 1000)
    with pytest.raises(errors.InvalidSignature) as late:
        check(signed(), now=NOW + 301_000)
    assert late.value.message == (
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000501Z - 5 min.)"
    )
    with pytest.raises(errors.InvalidSignature) as early:
        check(signed(), now=NOW - 301_000)
    assert early.value.message == (
        "Signature not yet current: 20260101T000000Z is still later than 20251231T235959Z (20251231T235459Z + 5 min.)"
    )


def test_the_scope_must_be_ours():
    with pytest.raises(errors.InvalidSignature) as wrong:
        check(signed(region="mars-1", service="s3"))
    assert wrong.value.message == (
        "Credential should be scoped to a valid region. Credential should be scoped to correct service: 'cognito-idp'. "
    )
    assert check(signed(region="mars-1"), serves=None).region == "mars-1"


def test_an_unknown_key_and_a_wrong_key_are_refused():
    with pytest.raises(errors.UnrecognizedClient):
        check(signed(key_id="AKIDOTHER"))
    with pytest.raises(errors.InvalidSignature):
        check(signed(key="wrong"))


def test_a_key_signed_with_nobodys_secret_is_still_unknown():
    with pytest.raises(errors.UnrecognizedClient):
        check(signed(key_id="AKIDOTHER", key="0" * 40))


def test_a_session_key_needs_its_token_and_a_plain_key_takes_none():
    session = Secret(KEY, hashlib.sha256(b"token").digest(), NOW + 1)
    assert check(signed(token="token"), session).session_token == "token"
    for request, secret in (
        (signed(token="token"), Secret(KEY)),
        (signed(), session),
        (signed(token="other"), session),
    ):
        with pytest.raises(errors.UnrecognizedClient):
            check(request, secret)
    with pytest.raises(errors.ExpiredToken):
        check(signed(token="token"), session, now=NOW + 1)


def test_a_token_that_is_not_signed_is_refused():
    request = signed(token="token")
    unsigned = with_header(request, b"authorization", lambda v: v.replace(b";x-amz-security-token", b""))
    with pytest.raises(errors.InvalidSignature, match="x-amz-security-token"):
        check(unsigned)


def test_the_date_header_serves_when_it_is_signed():
    request = signed({"Date": "replaced by botocore"})
    assert check(request).signed_at == NOW
    unsigned = with_header(request, b"authorization", lambda v: v.replace(b"date;", b""))
    with pytest.raises(errors.InvalidSignature, match="'Date' must be"):
        check(unsigned)


def test_a_request_without_a_signature_is_told_so():
    request = signed()
    bare = [pair for pair in request.headers if pair[0] != b"authorization"]
    with pytest.raises(errors.MissingAuthenticationToken):
        check(request._replace(headers=bare))
    with pytest.raises(errors.MissingAuthenticationToken):
        check(request._replace(headers=bare, query=b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00"))


@pytest.mark.parametrize(
    "value, sentence",
    [
        (b"Bearer abc", "Unsupported AWS 'algorithm': 'Bearer'"),
        (b"AWS4-HMAC-SHA256 nothing", "missing equal-sign"),
        (b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host", "requires 'Signature' parameter"),
        (b"AWS4-HMAC-SHA256 Credential=a/b/c/d, SignedHeaders=host, Signature=0", "exactly 5"),
        (b"AWS4-HMAC-SHA256 Credential=a/b/c/d/e, Credential=a/b/c/d/e, Signature=0", "twice"),
        (b"AWS4-HMAC-SHA256 " + b"a=b," * 4000, "too long"),
    ],
)
def test_a_malformed_authorization_is_incomplete(value, sentence):
    with pytest.raises(errors.IncompleteSignature, match=sentence):
        check(with_header(signed(), b"authorization", lambda _: value))


@pytest.mark.parametrize("value", [b"", b"today", b"20261301T000000Z", b"00000101T000000Z", b"20260101T000000Z0"])
def test_a_date_that_is_none_is_incomplete(value):
    with pytest.raises(errors.IncompleteSignature, match="ISO-8601"):
        check(with_header(signed(), b"x-amz-date", lambda _: value))


def test_a_signed_request_is_not_signed_by_its_query_too():
    with pytest.raises(errors.IncompleteSignature):
        check(signed(query="X-Amz-Signature=00"))


@given(st.binary(max_size=200))
def test_any_authorization_is_refused_with_a_refusal(value):
    with pytest.raises(errors.Fault):
        check(with_header(signed(), b"authorization", lambda _: value))


def test_signing_keys_are_bounded_and_follow_a_changed_secret():
    keys = SigningKeys(most=2)
    for day in ("20260101", "20260102", "20260103"):
        keys.signing_key("A", "s", day, "r", "s")
    assert len(keys._keys) == 2
    assert keys.signing_key("A", "s", "20260103", "r", "s") != keys.signing_key("A", "t", "20260103", "r", "s")


def test_a_secret_does_not_show_itself():
    assert KEY not in repr(Secret(KEY))
