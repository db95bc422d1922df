-- The OAuth provider: who is signed in at a browser, what apps were handed and allowed, where a pool is reached.

-- A sign-in at the pages, which the apps of the pool share. secret_digest proves the cookie.
CREATE TABLE sso_sessions (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, id TEXT NOT NULL, public_id TEXT,
  secret_digest BYTEA NOT NULL,
  epoch INTEGER NOT NULL,
  auth_time BIGINT NOT NULL, proofs TEXT NOT NULL,
  created_at BIGINT NOT NULL, active_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
  revoked_at BIGINT,
  ip TEXT, agent TEXT,
  PRIMARY KEY (pool_id, sub, id)
);
CREATE INDEX sso_sessions_expired ON sso_sessions (expires_at);

-- A code is marked as used, not deleted: a second use must be able to end what the first one gave.
CREATE TABLE authorization_codes (
  pool_id TEXT NOT NULL, digest BYTEA NOT NULL,
  sub TEXT NOT NULL, session_id TEXT NOT NULL, client_id TEXT NOT NULL,
  epoch INTEGER NOT NULL, auth_time BIGINT NOT NULL,
  request TEXT NOT NULL,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, used_at BIGINT,
  PRIMARY KEY (pool_id, digest)
);
CREATE INDEX authorization_codes_expired ON authorization_codes (expires_at);

CREATE TABLE consents (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, client_id TEXT NOT NULL,
  scopes TEXT NOT NULL, client_name TEXT NOT NULL, given_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, client_id)
);

CREATE TABLE domains (
  pool_id TEXT NOT NULL, domain TEXT NOT NULL,
  custom BOOLEAN NOT NULL, settings TEXT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (domain)
);
CREATE INDEX domains_of_pool ON domains (pool_id);

CREATE TABLE resource_servers (
  pool_id TEXT NOT NULL, identifier TEXT NOT NULL,
  name TEXT NOT NULL, scopes TEXT NOT NULL,
  PRIMARY KEY (pool_id, identifier)
);
