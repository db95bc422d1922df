-- Certificates that the server shows at the hosts they name; private_key is sealed, names is a JSON list.
CREATE TABLE certificates (
  id TEXT NOT NULL PRIMARY KEY,
  names TEXT NOT NULL, chain TEXT NOT NULL, private_key BYTEA NOT NULL,
  source TEXT NOT NULL,
  not_after BIGINT NOT NULL, created_at BIGINT NOT NULL
);

-- Hosts whose certificate an ACME directory is asked for: one node at a time, and not too often.
CREATE TABLE acme_hosts (
  host TEXT NOT NULL PRIMARY KEY,
  next_at BIGINT NOT NULL, tries INTEGER NOT NULL
);

-- What a directory finds at a host to see that it is ours.
CREATE TABLE acme_challenges (
  token TEXT NOT NULL PRIMARY KEY,
  answer TEXT NOT NULL, expires_at BIGINT NOT NULL
);
