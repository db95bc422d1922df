"""The audit trail, proven from the shell."""

from lido.flows import audit


def test_an_untouched_trail_holds_and_a_changed_one_does_not(shell):
    shell.house.pool()
    call = shell.house.call(root=True)
    with shell.database.write() as tx:
        audit.record(call, tx, "us-east-1_people000", call.entropy.time_ordered_id(call.now), "CreateGroup", {})
        audit.seal_next(call, tx)
    assert "The audit trail holds" in shell.prints("audit", "verify")

    with shell.database.write() as tx:
        tx.run("UPDATE audit SET action = 'ListGroups'")

    assert "does not hold from seal 1" in shell.refuses("audit", "verify")
