"""Settling a step of a sign-in that did not lead in: it is spent, its try counted, and the event told, all at once."""

from typing import Literal

from msgspec import Struct

from lido import errors
from lido.flows import lockout
from lido.flows.challenges import Effect, Turn
from lido.flows.events import Fact, tell
from lido.storage import lockouts


class Step(Struct, frozen=True):
    """The step that was just judged, and what settling it takes."""

    turn: Turn
    spent: tuple[Effect, ...]
    reserved: bool

    def settle(
        self,
        kind: Literal["challenged", "refused"],
        reason: str,
        *,
        effects: tuple[Effect, ...] = (),
        failed: bool = False,
        spend: bool = True,
    ) -> None:
        """Spend the step, make `effects` true, count the try if it `failed`, and tell: one transaction."""
        call, scene, begun = self.turn.call, self.turn.scene, self.turn.progress
        pool_id, sub = scene.pool.pool_id, scene.user.sub if scene.user else ""
        fact = Fact(client_id=scene.client.client_id, reason=reason, names=[begun.flow, begun.step])
        try:
            with call.db.write() as tx:
                for effect in (*(self.spent if spend else ()), *effects):
                    effect(tx)
                if failed and self.reserved:
                    lockouts.fail(tx, pool_id, scene.subject, call.clock.now())
                elif self.reserved:
                    lockouts.release(tx, pool_id, scene.subject)
                tell(call, tx, pool_id, kind, sub, fact)
        except errors.Fault:
            # A wrong answer counts even where its step was spent before, or a spent step would be judged for free.
            if failed and self.reserved:
                lockout.fail(call, pool_id, scene.subject)
            else:
                self.abandon()
            raise

    def abandon(self) -> None:
        """Nothing was decided: the reserved try counts for nothing."""
        if self.reserved:
            lockout.release(self.turn.call, self.turn.scene.pool.pool_id, self.turn.scene.subject)
