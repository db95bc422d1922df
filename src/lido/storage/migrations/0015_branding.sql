-- How a pool's pages look: styles of managed login, the classic customization, and the documents that are agreed to.

CREATE TABLE brandings (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  provided BOOLEAN NOT NULL, settings TEXT NOT NULL, assets TEXT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE UNIQUE INDEX brandings_of_client ON brandings (pool_id, client_id);

-- Images under the digest of what was sent. served is what browsers are given: the same without what could do harm.
CREATE TABLE assets (
  pool_id TEXT NOT NULL, digest TEXT NOT NULL,
  kind TEXT NOT NULL,
  content BYTEA NOT NULL, served BYTEA NOT NULL,
  PRIMARY KEY (pool_id, digest)
);

-- client_id is 'ALL' for what holds where a client has none of its own.
CREATE TABLE ui_customizations (
  pool_id TEXT NOT NULL, client_id TEXT NOT NULL,
  css TEXT, css_version TEXT, image TEXT,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, client_id)
);

CREATE TABLE terms (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  client_id TEXT NOT NULL, name TEXT NOT NULL,
  links TEXT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, id)
);
CREATE UNIQUE INDEX terms_of_client ON terms (pool_id, client_id, name);
