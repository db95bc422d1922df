"""Settling a step of a sign-in that did not lead in: it is spent, its try counted, and the event told, all at once."""

from typing import Literal

from msgspec import Struct

from lido import errors
from lido.flows import lockout, networks
from lido.flows.challenges import Effect, Turn
from lido.flows.events import Fact, tell
from lido.storage import lockouts
from lido.storage.database import Transaction


class Step(Struct, frozen=True):
    """The step that was just judged, and what settling it takes."""

    turn: Turn
    spent: tuple[Effect, ...]
    reserved: bool

    def reserve(self) -> None:
        """Reserve a try; one that a lock refuses has led to functions of the pool, and counts for the network.

        Raises NotAuthorized while the account is locked.
        """
        scene = self.turn.scene
        try:
            lockout.reserve(self.turn.call, scene.pool.pool_id, scene.subject)
        except errors.NotAuthorized:
            if not self.turn.progress.proofs:
                networks.fail_alone(self.turn.call, scene.network)
            raise

    def settle(
        self,
        kind: Literal["challenged", "refused"],
        reason: str,
        *,
        effects: tuple[Effect, ...] = (),
        failed: bool = False,
        spend: bool = True,
    ) -> None:
        """Spend the step, make `effects` true, count the guess if it `failed`, and tell: one transaction."""
        call, scene, begun = self.turn.call, self.turn.scene, self.turn.progress
        pool_id, sub = scene.pool.pool_id, scene.user.sub if scene.user else ""
        fact = Fact(client_id=scene.client.client_id, reason=reason, names=[begun.flow, begun.step])
        try:
            with call.db.write() as tx:
                for effect in (*(self.spent if spend else ()), *effects):
                    effect(tx)
                if failed:
                    self._count(tx)
                elif self.reserved:
                    lockouts.release(tx, pool_id, scene.subject)
                tell(call, tx, pool_id, kind, sub, fact)
        except errors.Fault:
            # A wrong answer counts even where its step was spent before, or a spent step would be judged for free.
            if failed:
                with call.db.write() as tx:
                    self._count(tx)
            else:
                self.abandon()
            raise

    def _count(self, tx: Transaction) -> None:
        """Count a wrong answer for the account, and for the network where nothing was proven before."""
        call, scene = self.turn.call, self.turn.scene
        if self.reserved:
            lockouts.fail(tx, scene.pool.pool_id, scene.subject, call.clock.now())
        if not self.turn.progress.proofs:
            networks.fail(call, tx, scene.network)

    def abandon(self) -> None:
        """Nothing was decided: the reserved try counts for nothing."""
        if self.reserved:
            lockout.release(self.turn.call, self.turn.scene.pool.pool_id, self.turn.scene.subject)
