-- What people prove themselves with beside a password, and the devices they are remembered on.

-- An authenticator app; last_step is the newest time step that was accepted, so that a code is good once.
CREATE TABLE totp_keys (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, id TEXT NOT NULL,
  name TEXT,
  seed BYTEA NOT NULL,
  verified BOOLEAN NOT NULL,
  last_step BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, id)
);

-- Codes for the day the phone is lost; each row is one, used by deleting it.
CREATE TABLE recovery_codes (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, digest BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, digest)
);

-- A passkey. The credential id is the key: no two users of a pool share one.
CREATE TABLE passkeys (
  pool_id TEXT NOT NULL, credential_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  public_key BYTEA NOT NULL,
  sign_count BIGINT NOT NULL,
  backup_eligible BOOLEAN NOT NULL, backed_up BOOLEAN NOT NULL,
  rp_id TEXT NOT NULL,
  name TEXT, attachment TEXT, transports TEXT, aaguid TEXT,
  created_at BIGINT NOT NULL, used_at BIGINT,
  PRIMARY KEY (pool_id, credential_id)
);
CREATE INDEX passkeys_owner ON passkeys (pool_id, sub, credential_id);

-- A device that its user confirmed; status 2 is remembered, 3 is not. verifier holds salt and SRP verifier.
CREATE TABLE devices (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, device_key TEXT NOT NULL,
  group_key TEXT NOT NULL,
  name TEXT,
  status SMALLINT NOT NULL,
  verifier BYTEA,
  last_ip TEXT,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL, last_signed_in_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, device_key)
);

-- What waits for an answer and must be remembered here: passkey registrations under way.
CREATE TABLE challenges (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  state BYTEA NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX challenges_expired ON challenges (expires_at);
