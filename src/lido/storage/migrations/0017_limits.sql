-- Request rates: limits holds what somebody set, for a pool or a region; here nodes tell each other what they use.
-- asked counts what was refused too; share is what the node may use until it writes again; second is its beat then.
CREATE TABLE limit_usage (
  pool_id TEXT NOT NULL, category TEXT NOT NULL, node TEXT NOT NULL,
  second BIGINT NOT NULL, used INTEGER NOT NULL, asked INTEGER NOT NULL,
  share INTEGER NOT NULL, refused BIGINT NOT NULL,
  PRIMARY KEY (pool_id, category, node)
);

-- Nodes that serve. The one without a name is held by whoever divides the rates.
CREATE TABLE limit_nodes (
  node TEXT PRIMARY KEY NOT NULL,
  beat BIGINT NOT NULL
);
