-- Third-party identity providers of a pool: configuration, the names they go by, the accounts there that are linked to
-- users here, and the certificate by which the pool shows itself to SAML providers.
CREATE TABLE identity_providers (
  pool_id TEXT NOT NULL, name TEXT NOT NULL,
  kind TEXT NOT NULL, settings TEXT NOT NULL, secrets BYTEA NOT NULL, version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, name)
);
CREATE TABLE provider_identifiers (
  pool_id TEXT NOT NULL, identifier TEXT NOT NULL,
  provider TEXT NOT NULL,
  PRIMARY KEY (pool_id, identifier)
);
CREATE INDEX provider_identifiers_owner ON provider_identifiers (pool_id, provider);
CREATE TABLE linked_identities (
  pool_id TEXT NOT NULL, provider TEXT NOT NULL, attribute TEXT NOT NULL, subject TEXT NOT NULL,
  sub TEXT NOT NULL, kind TEXT NOT NULL, issuer TEXT, is_primary BOOLEAN NOT NULL, linked_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id, provider, attribute, subject)
);
CREATE INDEX linked_identities_owner ON linked_identities (pool_id, sub);
CREATE TABLE saml_certificates (
  pool_id TEXT NOT NULL,
  certificate TEXT NOT NULL, private_key BYTEA NOT NULL, created_at BIGINT NOT NULL,
  PRIMARY KEY (pool_id)
);
