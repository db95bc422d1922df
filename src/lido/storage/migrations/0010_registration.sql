-- Clients that registered themselves are counted apart from those that operators made.
CREATE INDEX clients_of_kind ON clients (pool_id, kind);
