-- Importing users from files. `upload` names the file that came whole and is `size` bytes long, `uploading` one that is
-- on its way; `position` is the offset of the next line in it, `line` the number of the last one read.
CREATE TABLE import_jobs (
  pool_id TEXT NOT NULL, id TEXT NOT NULL,
  name TEXT NOT NULL, state TEXT NOT NULL, settings TEXT NOT NULL,
  upload TEXT, uploading TEXT, size BIGINT NOT NULL, position BIGINT NOT NULL, line INTEGER NOT NULL,
  imported BIGINT NOT NULL, skipped BIGINT NOT NULL, failed BIGINT NOT NULL, message TEXT,
  holder TEXT NOT NULL, leased_until BIGINT NOT NULL,
  created_at BIGINT NOT NULL, started_at BIGINT, finished_at BIGINT,
  PRIMARY KEY (pool_id, id)
);
CREATE INDEX import_jobs_listed ON import_jobs (pool_id, created_at, id);
CREATE INDEX import_jobs_unfinished ON import_jobs (created_at) WHERE finished_at IS NULL;
CREATE TABLE import_chunks (
  pool_id TEXT NOT NULL, job_id TEXT NOT NULL, upload TEXT NOT NULL, part TEXT NOT NULL,
  content BYTEA NOT NULL,
  PRIMARY KEY (pool_id, job_id, upload, part)
);
-- Lines that made no user.
CREATE TABLE import_lines (
  pool_id TEXT NOT NULL, job_id TEXT NOT NULL, line INTEGER NOT NULL,
  outcome TEXT NOT NULL, reason TEXT NOT NULL,
  PRIMARY KEY (pool_id, job_id, line)
);
