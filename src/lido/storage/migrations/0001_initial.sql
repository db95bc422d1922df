-- Users of pools, how they prove who they are, their sessions, and what the installation must know of itself.
-- Times are milliseconds since 1970; BYTEA columns are sealed or digests; every table of a pool has pool_id first.

-- A user pool. settings is one JSON document (schema and tags included); folding says for ever how names are compared.
CREATE TABLE pools (
  pool_id TEXT PRIMARY KEY,
  region TEXT NOT NULL, name TEXT NOT NULL,
  settings TEXT NOT NULL,
  folding SMALLINT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL, deleted_at BIGINT
);
CREATE INDEX pools_listed ON pools (region, pool_id);

-- An app client; its id is unique over the installation, for requests name no pool.
CREATE TABLE clients (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id), client_id TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  kind TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, client_id)
);
CREATE UNIQUE INDEX clients_by_id ON clients (client_id);

-- The one or two secrets of a client; the slot in the key is the cap of two.
CREATE TABLE client_secrets (
  pool_id TEXT NOT NULL, client_id TEXT NOT NULL,
  slot SMALLINT NOT NULL CHECK (slot IN (1, 2)),
  secret_id TEXT NOT NULL, secret BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, client_id, slot),
  FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, client_id)
);

-- The keys that sign tokens: state is next, live or old; private_key is erased when a key grows old.
CREATE TABLE signing_keys (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id), kid TEXT NOT NULL,
  use TEXT NOT NULL, state TEXT NOT NULL,
  public_key TEXT NOT NULL, private_key BYTEA,
  created_at BIGINT NOT NULL, signs_from_at BIGINT NOT NULL, retired_at BIGINT, gone_at BIGINT,
  PRIMARY KEY (pool_id, kid)
);

-- A user. epoch rises when everything handed out must die; factors is a bit set; the *_key columns are folded for
-- search and cut to 256 code points; username_key is null when the username is the sub. No foreign key ever points
-- here: it would lock the row at each sign-in.
CREATE TABLE users (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL,
  username TEXT NOT NULL, username_key TEXT,
  status SMALLINT NOT NULL, enabled BOOLEAN NOT NULL,
  epoch INTEGER NOT NULL, signed_out_at BIGINT NOT NULL,
  version INTEGER NOT NULL,
  factors INTEGER NOT NULL, preferred_factor SMALLINT,
  email TEXT, email_key TEXT, email_verified BOOLEAN NOT NULL,
  phone_number TEXT, phone_verified BOOLEAN NOT NULL,
  name_key TEXT, given_name_key TEXT, family_name_key TEXT, preferred_username_key TEXT,
  attributes TEXT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub)
);
CREATE INDEX users_username ON users (pool_id, username_key, sub) WHERE username_key IS NOT NULL;
CREATE INDEX users_email ON users (pool_id, email_key, sub) WHERE email_key IS NOT NULL;
CREATE INDEX users_phone ON users (pool_id, phone_number, sub) WHERE phone_number IS NOT NULL;
CREATE INDEX users_name ON users (pool_id, name_key, sub) WHERE name_key IS NOT NULL;
CREATE INDEX users_given_name ON users (pool_id, given_name_key, sub) WHERE given_name_key IS NOT NULL;
CREATE INDEX users_family_name ON users (pool_id, family_name_key, sub) WHERE family_name_key IS NOT NULL;
CREATE INDEX users_preferred ON users (pool_id, preferred_username_key, sub) WHERE preferred_username_key IS NOT NULL;
CREATE INDEX users_status ON users (pool_id, status, enabled, sub);

-- Every handle a person may type, one namespace per pool: kind 1 username, 2 e-mail, 3 phone, 4 preferred username.
-- moved_from remembers the owner from whom an alias was last taken.
CREATE TABLE user_names (
  pool_id TEXT NOT NULL, name_key TEXT NOT NULL,
  kind SMALLINT NOT NULL, sub TEXT NOT NULL,
  moved_from TEXT,
  PRIMARY KEY (pool_id, name_key)
);

-- A new e-mail address or phone number that takes effect only when proven; visible nowhere else.
CREATE TABLE pending_attributes (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, name TEXT NOT NULL,
  value TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, name)
);

-- The present password: hash, SRP salt and verifier sealed together in material. version dates running sign-ins.
CREATE TABLE passwords (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL,
  material BYTEA NOT NULL,
  temporary BOOLEAN NOT NULL, expires_at BIGINT,
  version INTEGER NOT NULL, set_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub)
);

-- Earlier passwords, so that they are not chosen again.
CREATE TABLE password_history (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, set_at BIGINT NOT NULL,
  hash BYTEA NOT NULL,
  PRIMARY KEY (pool_id, sub, set_at)
);

-- A group of users, with the role its members may take.
CREATE TABLE groups (
  pool_id TEXT NOT NULL REFERENCES pools (pool_id), name TEXT NOT NULL,
  description TEXT, role_arn TEXT, precedence BIGINT,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, name)
);

-- Who is in which group.
CREATE TABLE group_members (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, group_name TEXT NOT NULL,
  added_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, group_name)
);
CREATE INDEX group_members_listed ON group_members (pool_id, group_name, sub);

-- The code last sent for one purpose (confirm, reset, verify:email …); epoch ties it to the account's generation.
CREATE TABLE codes (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, purpose TEXT NOT NULL,
  id TEXT NOT NULL, digest BYTEA NOT NULL,
  attribute TEXT, destination_key TEXT, client_id TEXT,
  epoch INTEGER NOT NULL,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, sub, purpose)
);
CREATE INDEX codes_expired ON codes (expires_at);

-- Wrong passwords of one subject. in_flight counts tries reserved but not yet judged, so parallel guesses gain nothing.
CREATE TABLE lockouts (
  pool_id TEXT NOT NULL, subject TEXT NOT NULL,
  failures INTEGER NOT NULL, in_flight INTEGER NOT NULL,
  last_at BIGINT NOT NULL, locked_until BIGINT NOT NULL,
  PRIMARY KEY (pool_id, subject)
);

-- How often something was tried in the present window (codes, messages …).
CREATE TABLE budgets (
  pool_id TEXT NOT NULL, subject TEXT NOT NULL, kind TEXT NOT NULL,
  used INTEGER NOT NULL, resets_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, subject, kind)
);

-- Ids of what works once and was used: sign-in steps, secret blocks, links, assertions.
CREATE TABLE spent (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX spent_expired ON spent (expires_at);

-- A family of refresh tokens: generation is the one that works, grace_generation the one that still may until
-- grace_until. What changes at a refresh is in no index. public_id exists only with session tracking.
CREATE TABLE sessions (
  pool_id TEXT NOT NULL, sub TEXT NOT NULL, id TEXT NOT NULL,
  client_id TEXT NOT NULL, public_id TEXT,
  epoch INTEGER NOT NULL,
  generation INTEGER NOT NULL, rotated_at BIGINT NOT NULL,
  grace_generation INTEGER NOT NULL, grace_until BIGINT NOT NULL,
  revoked_at BIGINT,
  auth_time BIGINT NOT NULL,
  created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, active_at BIGINT NOT NULL,
  grant_info TEXT NOT NULL,
  device_key TEXT, sso_id TEXT, event_id TEXT,
  ip TEXT, agent TEXT,
  PRIMARY KEY (pool_id, sub, id)
);
CREATE INDEX sessions_expired ON sessions (expires_at);

-- Every fact worth telling, written by the transaction that made it true; ids rise with time.
CREATE TABLE events (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  kind TEXT NOT NULL, sub TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX events_of_user ON events (pool_id, sub, id);

-- Events that somebody outside listens for and that are not yet on their way.
CREATE TABLE outbox (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (pool_id, id)
);

-- Mail and text messages to be sent, in order for each recipient: state 0 waits.
CREATE TABLE messages (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  sub TEXT,
  medium TEXT NOT NULL, recipient_key TEXT NOT NULL, body BYTEA NOT NULL,
  state SMALLINT NOT NULL, attempts INTEGER NOT NULL,
  next_at BIGINT NOT NULL, leased_until BIGINT NOT NULL, expires_at BIGINT NOT NULL, sent_at BIGINT,
  last_error TEXT,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX messages_due ON messages (next_at) WHERE state = 0;
CREATE INDEX messages_order ON messages (pool_id, recipient_key, id) WHERE state = 0;

-- What operators did; seal names the row of audit_seals that covers the entry, null until sealed.
CREATE TABLE audit (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  actor TEXT NOT NULL, action TEXT NOT NULL, body TEXT NOT NULL,
  seal BIGINT,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX audit_unsealed ON audit (id) WHERE seal IS NULL;
CREATE INDEX audit_sealed ON audit (seal) WHERE seal IS NOT NULL;

-- The chain over the audit entries, made afterwards in batches so that no two calls wait for each other.
CREATE TABLE audit_seals (
  seal BIGINT PRIMARY KEY,
  previous BYTEA NOT NULL, digest BYTEA NOT NULL, entries INTEGER NOT NULL,
  sealed_at BIGINT NOT NULL
);

-- A person or program that runs the installation; policy is an IAM-style document.
CREATE TABLE operators (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL, password BYTEA,
  policy TEXT NOT NULL,
  created_at BIGINT NOT NULL
);

-- An operator's key for signed requests.
CREATE TABLE access_keys (
  access_key_id TEXT PRIMARY KEY,
  operator_id TEXT NOT NULL,
  secret BYTEA NOT NULL, policy TEXT NOT NULL,
  version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, revoked_at BIGINT
);

-- Who does what must run in one place; fence rises with each new holder.
CREATE TABLE leases (
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL, expires_at BIGINT NOT NULL, fence BIGINT NOT NULL
);

-- Requests a second that a pool may make in one category.
CREATE TABLE limits (
  pool_id TEXT NOT NULL, category TEXT NOT NULL,
  rate INTEGER NOT NULL,
  PRIMARY KEY (pool_id, category)
);

-- Counts folded from events by a chore, so that no request touches a shared counter.
CREATE TABLE pool_statistics (
  pool_id TEXT NOT NULL, name TEXT NOT NULL,
  value BIGINT NOT NULL, counted_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, name)
);

-- What the installation knows of itself (the check values of its master keys …).
CREATE TABLE facts (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
