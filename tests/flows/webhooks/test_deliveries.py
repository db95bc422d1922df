"""The life of a delivery against a model: whatever endpoints, clocks, nodes and operators do, no event is lost."""

from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.flows.webhooks.conftest import Posts, tell

from lido.flows import webhooks
from lido.flows.webhook_worker import MOST_ATTEMPTS, WebhookWorker
from lido.ports.outgoing import TooSlow
from lido.storage import deliveries

PROFILE = settings(
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
URL = "https://a.example/"


class Life(RuleBasedStateMachine):
    """`waiting` maps events to the tries made, `delivered` and `dead` hold the others."""

    def __init__(self, house):
        super().__init__()
        self.house = house
        self.pool_id = house.pool()
        self.posts = Posts()
        self.nodes = [WebhookWorker(self.house.call, self.posts) for _ in range(2)]
        self.id = webhooks.add(self.house.call(), self.pool_id, URL, ["disabled"]).id
        self.waiting, self.delivered, self.dead, self.told = {}, set(), {}, []
        self.enabled = True

    @rule(many=st.integers(1, 3))
    def happen(self, many):
        for _ in range(many):
            event_id = tell(self.house, self.pool_id)
            self.told.append(event_id)
            if self.enabled:
                self.waiting[event_id] = 0
                # Fanned out while the webhook still listens, so that the model needs no third place.
                self._fan_out()

    @rule(trouble=st.sampled_from([None, 500, 503, 410, TooSlow()]))
    def endpoint_changes(self, trouble):
        self.posts.trouble = {} if trouble is None else {URL: trouble}

    @rule(seconds=st.sampled_from([1, 60, 3600, 40_000]))
    def time_passes(self, seconds):
        self.house.clock.advance(seconds=seconds)

    @rule(node=st.integers(0, 1))
    def deliver(self, node):
        before = len(self.posts.posted)
        due = self._due()
        self.nodes[node].run_due()
        self.nodes[node].finish()
        posted = self.posts.ids()[before:]
        trouble = self.posts.trouble.get(URL)
        assert set(posted) <= set(due)
        assert len(posted) == len(set(posted))
        if not due:
            return
        if trouble == 410:
            self.enabled = False
        alone = trouble in (410, 503) or isinstance(trouble, TooSlow)
        assert bool(posted) if alone else set(posted) == set(due)
        for event_id in posted if trouble == 410 else due:
            self._tried(event_id, well=trouble is None)

    def _tried(self, event_id, *, well):
        tries = self.waiting.pop(event_id) + 1
        if well:
            self.delivered.add(event_id)
        elif tries == MOST_ATTEMPTS:
            self.dead[event_id] = tries
        else:
            self.waiting[event_id] = tries

    @rule()
    def worker_dies_before_it_settles(self):
        node = WebhookWorker(self.house.call, self.posts)
        node._settle = lambda *_: None
        node.run_due()
        node.finish()
        self.house.clock.advance(seconds=30)

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def operator_replays_one(self, data):
        event_id = data.draw(st.sampled_from(self.told))
        webhooks.replay_event(self.house.call(), self.id, event_id)
        self.delivered.discard(event_id)
        self.dead.pop(event_id, None)
        self.waiting[event_id] = 0

    @rule()
    def operator_replays_the_dead(self):
        list(webhooks.replay_dead(self.house.call(), self.id))
        self.waiting |= dict.fromkeys(self.dead, 0)
        self.dead = {}

    @rule(enabled=st.booleans())
    def operator_switches(self, enabled):
        webhooks.set_enabled(self.house.call(), self.id, enabled=enabled)
        self.enabled = enabled

    @invariant()
    def every_event_is_where_the_model_has_it(self):
        found = webhooks.deliveries_of(self.house.call(), self.id, state=None, limit=10_000)
        places = {state: {} for state in webhooks.STATES}
        for each in found:
            places[webhooks.STATES[each.state]][each.event_id] = each.attempts
        assert places["waiting"] == self.waiting
        assert set(places["delivered"]) == self.delivered
        assert places["dead"] == self.dead
        assert webhooks.require(self.house.call(), self.id).enabled is self.enabled

    def _fan_out(self):
        worker = WebhookWorker(self.house.call, self.posts)
        worker._begin = lambda _: False
        worker.run_due()

    def _due(self):
        if not self.enabled:
            return []
        with self.house.database.read() as tx:
            found = deliveries.due(tx, self.pool_id, self.id, self.house.clock.now(), 10_000)
        return [each.event_id for each in found]

    def teardown(self):
        webhooks.remove(self.house.call(), self.id)


def test_every_event_is_where_the_model_says(house):
    run_state_machine_as_test(partial(Life, house), settings=PROFILE)
