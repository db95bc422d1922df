-- Threat protection: what is to be done at which risk, and what people say of their own sign-ins.

-- client_id is 'ALL' for what holds where a client has none of its own.
CREATE TABLE risk_settings (
  pool_id TEXT NOT NULL, client_id TEXT NOT NULL,
  settings TEXT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, client_id)
);

CREATE TABLE event_feedback (
  pool_id TEXT NOT NULL, event_id TEXT NOT NULL,
  value TEXT NOT NULL, provider TEXT NOT NULL, given_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, event_id)
);
