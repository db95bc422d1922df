-- Pools take turns at sending. What can_wait (an invitation) comes after the codes of its pool.
ALTER TABLE messages ADD COLUMN can_wait BOOLEAN NOT NULL DEFAULT FALSE;
-- "state < 1" is said of no other index, so that none is taken for this one: they would walk through crowds.
CREATE INDEX messages_turns ON messages (pool_id, medium, can_wait, next_at) WHERE state < 1;
