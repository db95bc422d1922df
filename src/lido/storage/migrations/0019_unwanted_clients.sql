-- A client that a stranger registered goes at expires_at unless somebody wants it before; NULL: it stays, as all that
-- were registered before this column do.
ALTER TABLE clients ADD COLUMN expires_at BIGINT;
CREATE INDEX clients_expired ON clients (expires_at) WHERE expires_at IS NOT NULL;
