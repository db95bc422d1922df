-- Back-channel logout: who is still to be told that a browser's session is over. sso_id is NULL for all of the user's.
CREATE TABLE logout_notices (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  client_id TEXT NOT NULL, sub TEXT NOT NULL, sso_id TEXT,
  attempts INTEGER NOT NULL, next_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX logout_notices_due ON logout_notices (next_at);
