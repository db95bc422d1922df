-- mac proves an entry from the moment it is written; macs names, in a seal, what stands under it.
ALTER TABLE audit ADD COLUMN mac BYTEA;
ALTER TABLE audit_seals ADD COLUMN macs BYTEA;
CREATE INDEX audit_listed ON audit (id, pool_id);
