-- Certificates that the server shows at the hosts they name; private_key is sealed, names is a JSON list.
CREATE TABLE certificates (
  id TEXT NOT NULL PRIMARY KEY,
  names TEXT NOT NULL, chain TEXT NOT NULL, private_key BYTEA NOT NULL,
  source TEXT NOT NULL,
  not_after BIGINT NOT NULL, created_at BIGINT NOT NULL
);
