-- Whom a pool tells of its events. secret and former_secret are sealed; former_secret signs too until former_until.
-- filter holds kinds with a space before and after each, '' takes all. leased_until is for the node that delivers.
CREATE TABLE webhooks (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  url TEXT NOT NULL,
  secret BYTEA NOT NULL, former_secret BYTEA, former_until BIGINT NOT NULL,
  filter TEXT NOT NULL,
  enabled BOOLEAN NOT NULL, trouble TEXT,
  leased_until BIGINT NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE UNIQUE INDEX webhooks_by_id ON webhooks (id);

-- An event on its way to a webhook: state 0 waits, 1 was delivered, 2 is dead.
CREATE TABLE deliveries (
  pool_id TEXT NOT NULL, event_id TEXT NOT NULL, webhook_id TEXT NOT NULL,
  type TEXT NOT NULL, body TEXT NOT NULL,
  state SMALLINT NOT NULL, attempts INTEGER NOT NULL,
  next_at BIGINT NOT NULL, settled_at BIGINT,
  last_error TEXT,
  PRIMARY KEY (pool_id, event_id, webhook_id)
);
CREATE INDEX deliveries_due ON deliveries (pool_id, webhook_id, next_at) WHERE state = 0;
CREATE INDEX deliveries_dead ON deliveries (pool_id, webhook_id, event_id) WHERE state = 2;
CREATE INDEX deliveries_settled ON deliveries (settled_at) WHERE state <> 0;
