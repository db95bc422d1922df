-- Room on each page for rows that change at every sign-in, and a sweep that keeps up with rows that live minutes.
ALTER TABLE users SET (fillfactor = 90);
ALTER TABLE sessions SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE lockouts SET (fillfactor = 80);
ALTER TABLE budgets SET (fillfactor = 80);
ALTER TABLE spent SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE codes SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE messages SET (autovacuum_vacuum_scale_factor = 0.02);
