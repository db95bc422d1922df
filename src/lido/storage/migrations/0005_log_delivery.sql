-- Log records on their way to where a pool's log delivery configuration sends them; source is its EventSource.
CREATE TABLE log_records (
  pool_id TEXT NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,
  body TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at BIGINT NOT NULL, leased_until BIGINT NOT NULL,
  PRIMARY KEY (pool_id, source, id)
);
CREATE INDEX log_records_oldest ON log_records (id);
