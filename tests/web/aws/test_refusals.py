import json

import pytest

from lido import errors
from lido.web.aws.refusals import answer


def test_a_refusal_has_cognitos_envelope():
    status, headers, body = answer(errors.NotAuthorized("Incorrect username or password."))
    assert status == 400
    assert body == b'{"__type":"NotAuthorizedException","message":"Incorrect username or password."}'
    assert dict(headers) == {
        b"content-type": b"application/x-amz-json-1.1",
        b"x-amzn-errortype": b"NotAuthorizedException:",
        b"x-amzn-errormessage": b"Incorrect username or password.",
    }


@pytest.mark.parametrize(
    "fault, status",
    [
        (errors.ResourceNotFound, 400),
        (errors.TooManyRequests, 400),
        (errors.InvalidSignature, 400),
        (errors.MissingAuthenticationToken, 400),
        (errors.Forbidden, 403),
        (errors.RequestEntityTooLarge, 413),
        (errors.InternalError, 500),
        (errors.InternalServer, 500),
        (errors.NotImplemented, 501),
        (errors.ServiceUnavailable, 503),
    ],
)
def test_each_refusal_has_its_number(fault, status):
    assert answer(fault()).status == status


def test_every_refusal_names_itself():
    assert json.loads(answer(errors.NotImplemented()).body)["__type"] == "NotImplementedException"


def test_a_sentence_cannot_begin_a_header_nor_be_endless():
    fault = errors.InvalidParameter("a\r\nset-cookie: b\n\x00é€" + "x" * 10_000)
    header = dict(answer(fault).headers)[b"x-amzn-errormessage"]
    assert header.startswith(b"a set-cookie: b \xe9?x")
    assert len(header) <= 1024
    assert json.loads(answer(fault).body)["message"] == fault.message


def test_a_lone_surrogate_does_not_break_the_answer():
    assert json.loads(answer(errors.InvalidParameter("\ud800")).body)["message"] == "?"
