"""The generated shapes are current, whole, and agree with the service model."""

import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from botocore.loaders import Loader

from lido import errors
from lido.shapes import Shape, identity, idp
from lido.shapes.catalogue import OPERATIONS, TARGETS
from lido.shapes.constraints import CONSTRAINTS

ROOT = Path(__file__).parents[2]
MODULES = {"cognito-idp": idp, "cognito-identity": identity}


def model(service: str) -> dict[str, Any]:
    loaded: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return loaded


def test_the_shapes_are_current() -> None:
    command = [sys.executable, str(ROOT / "tools" / "generate_shapes.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_every_operation_is_in_the_catalogue() -> None:
    assert Counter(service for service, _ in OPERATIONS) == {"cognito-idp": 141, "cognito-identity": 23}
    assert set(TARGETS.values()) == set(MODULES)


def test_the_open_operations_are_those_of_the_model() -> None:
    unsigned = Counter(service for (service, _), operation in OPERATIONS.items() if operation.unsigned)
    assert unsigned == {"cognito-idp": 34, "cognito-identity": 4}


def test_every_request_and_response_has_a_struct_and_every_request_its_constraints() -> None:
    for (service, name), operation in OPERATIONS.items():
        assert (operation.service, operation.name) == (service, name)
        assert issubclass(getattr(MODULES[service], operation.request), Shape)
        assert operation.response is None or issubclass(getattr(MODULES[service], operation.response), Shape)
        assert operation.request in CONSTRAINTS[service]


def test_a_request_type_names_one_operation() -> None:
    requests = Counter((operation.service, operation.request) for operation in OPERATIONS.values())
    assert max(requests.values()) == 1


def test_every_refusal_of_the_model_has_a_class() -> None:
    missing = {fault for operation in OPERATIONS.values() for fault in operation.faults if not hasattr(errors, fault)}
    assert not missing


@pytest.mark.parametrize("service", MODULES)
def test_members_keep_their_wire_names_and_their_duty(service: str) -> None:
    for name, shape in model(service)["shapes"].items():
        if shape["type"] != "structure" or shape.get("exception") or shape.get("document"):
            continue
        fields = msgspec.structs.fields(getattr(MODULES[service], name))
        assert {field.encode_name for field in fields} == set(shape["members"])
        assert {field.encode_name for field in fields if field.required} == set(shape.get("required", ()))


@pytest.mark.parametrize("service", MODULES)
def test_every_type_can_be_decoded(service: str) -> None:
    for name, shape in model(service)["shapes"].items():
        if shape["type"] == "structure" and not shape.get("exception") and not shape.get("document"):
            msgspec.json.Decoder(getattr(MODULES[service], name))


def test_a_response_omits_what_is_unset() -> None:
    answer = idp.AuthenticationResultType(access_token="a", expires_in=300)
    assert msgspec.json.encode(idp.InitiateAuthResponse(authentication_result=answer)) == (
        b'{"AuthenticationResult":{"AccessToken":"a","ExpiresIn":300}}'
    )
