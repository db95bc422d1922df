-- Functions that pools' triggers call, by the name that stands at the end of an ARN in their LambdaConfig.
-- secret is sealed: the signing key of a URL, or the environment of a handler.
CREATE TABLE trigger_targets (
  name TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  address TEXT NOT NULL,
  secret BYTEA,
  settings TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
