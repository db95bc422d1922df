import pytest

from lido import errors
from lido.rules import tags


def test_fifty_tags_are_enough():
    tags.check({f"k{number}": "" for number in range(50)})
    with pytest.raises(errors.InvalidParameter, match="A user pool cannot have more than 50 tags"):
        tags.check({f"k{number}": "" for number in range(51)})


@pytest.mark.parametrize("key", ["aws:x", "AWS:x"])
def test_keys_of_aws_are_refused_with_the_fault_that_is_asked_for(key):
    with pytest.raises(errors.UserPoolTagging):
        tags.check({key: ""}, errors.UserPoolTagging)
