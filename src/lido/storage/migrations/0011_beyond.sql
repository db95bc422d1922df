-- Standards beyond Cognito's: authorization requests that were pushed (RFC 9126), devices that wait for a person (RFC 8628).
-- A pushed request lives shortly until a browser brings it, then as long as signing in may take; used_at: it was answered.
CREATE TABLE pushed_requests (
  pool_id TEXT NOT NULL, digest BYTEA NOT NULL,
  client_id TEXT NOT NULL, parameters TEXT NOT NULL,
  expires_at BIGINT NOT NULL, opened_at BIGINT, used_at BIGINT,
  PRIMARY KEY (pool_id, digest)
);
CREATE INDEX pushed_requests_expired ON pushed_requests (expires_at);

-- state: 0 waiting, 1 allowed, 2 refused, 3 used. What is known of the person is there from 1 on.
CREATE TABLE device_grants (
  pool_id TEXT NOT NULL, digest BYTEA NOT NULL, user_code_digest BYTEA NOT NULL,
  client_id TEXT NOT NULL, request TEXT NOT NULL,
  state SMALLINT NOT NULL, interval_seconds INTEGER NOT NULL, polled_at BIGINT NOT NULL,
  session_id TEXT NOT NULL, sub TEXT, epoch INTEGER, auth_time BIGINT, sign_in TEXT,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, digest)
);
CREATE UNIQUE INDEX device_grants_user_code ON device_grants (pool_id, user_code_digest);
CREATE INDEX device_grants_expired ON device_grants (expires_at);
