"""Resource servers, and their scopes."""

import pytest
from tests.operations.round_trips.asking import Asker, story
from tests.operations.round_trips.making import Turns, differences

READ = {"ScopeName": "read", "ScopeDescription": "Read everything"}
LESS = {"ScopeName": "read", "ScopeDescription": "Read a little"}
WRITE = {"ScopeName": "write", "ScopeDescription": "Write something"}


@story(
    "CreateResourceServer",
    "DescribeResourceServer",
    "UpdateResourceServer",
    "DeleteResourceServer",
    "ListResourceServers",
)
def resource_servers(asker: Asker) -> None:
    own = {"UserPoolId": asker.house.pool()}
    named = {**own, "Identifier": "https://api.example.com"}
    examples = {**named, "Name": Turns(("api", "API")), "Scopes": Turns(([READ, WRITE], [LESS]))}
    made, told = asker.ask_all("CreateResourceServer", examples)
    assert differences(made, told["ResourceServer"]) == []
    assert asker.ask("DescribeResourceServer", **named)["ResourceServer"] == told["ResourceServer"]

    changed, told = asker.ask_all("UpdateResourceServer", examples, turn=1)
    assert differences(changed, told["ResourceServer"]) == []
    assert asker.ask("DescribeResourceServer", **named)["ResourceServer"] == told["ResourceServer"]

    asker.ask("CreateResourceServer", **own, Identifier="other", Name="other", Scopes=[READ])
    page = asker.ask("ListResourceServers", **own, MaxResults=1)
    rest = asker.ask("ListResourceServers", **own, MaxResults=1, NextToken=page["NextToken"])
    listed = {server["Identifier"]: server for server in page["ResourceServers"] + rest["ResourceServers"]}
    assert set(listed) == {named["Identifier"], "other"}
    assert listed[named["Identifier"]] == told["ResourceServer"]

    asker.ask("UpdateResourceServer", **named, Name="bare")
    told = asker.ask("DescribeResourceServer", **named)["ResourceServer"]
    assert (told["Name"], told.get("Scopes", [])) == ("bare", [])

    asker.ask("DeleteResourceServer", **named)
    with pytest.raises(asker.house.idp.exceptions.ResourceNotFoundException):
        asker.ask("DescribeResourceServer", **named)
    left = asker.ask("ListResourceServers", **own, MaxResults=1)["ResourceServers"]
    assert [server["Identifier"] for server in left] == ["other"]
