import pytest


@pytest.fixture
def own(house):
    """What names a new pool in a request."""
    return {"UserPoolId": house.pool()}
