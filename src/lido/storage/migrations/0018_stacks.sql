-- What `lido apply` made: which thing in a pool a name in a template stands for. state is 'creating', 'standing' or
-- 'leaving'; request_id is the request that makes it; properties is a JSON list of what the template last set.
CREATE TABLE stack_resources (
  pool_id TEXT NOT NULL,
  region TEXT NOT NULL, stack TEXT NOT NULL, logical_id TEXT NOT NULL, physical_id TEXT NOT NULL,
  type TEXT NOT NULL, state TEXT NOT NULL, request_id TEXT NOT NULL,
  properties TEXT NOT NULL, retained BOOLEAN NOT NULL,
  created_at BIGINT NOT NULL, modified_at BIGINT NOT NULL,
  PRIMARY KEY (region, stack, logical_id, physical_id)
);
CREATE INDEX stack_resources_of_pool ON stack_resources (pool_id);
