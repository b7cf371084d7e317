-- The spend ledger. What each table is for, who writes it and who reads it: src/ledger/README.md.
-- STRICT: an integer sum that leaves 64 bits would otherwise be stored as a rounded double without a word.
-- WITHOUT ROWID: a text key on a rowid table is a second B-tree and doubles the rows written.

-- One row per call that reached an upstream. request_id is a UUIDv7, so the primary key is the order of time as well:
-- paging and time ranges use it, and no further index is paid for on every insert.
CREATE TABLE spend_logs (
  request_id TEXT NOT NULL PRIMARY KEY,
  client_call_id TEXT,
  client_invocation_id TEXT,
  startTime TEXT NOT NULL,
  endTime TEXT NOT NULL,
  model_group TEXT NOT NULL,
  model TEXT NOT NULL,
  model_id TEXT NOT NULL,
  region TEXT NOT NULL,
  api_base TEXT NOT NULL,
  operation TEXT NOT NULL,
  api_key TEXT,
  team_id TEXT,
  user TEXT,
  end_user TEXT,
  request_tags TEXT NOT NULL,
  metadata TEXT NOT NULL,
  status TEXT NOT NULL,
  http_status INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  usage TEXT,
  raw_usage TEXT,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER,
  cost_state TEXT NOT NULL,
  cost_reason TEXT,
  price_row TEXT,
  service_tier TEXT,
  attempts INTEGER NOT NULL,
  fallbacks INTEGER NOT NULL,
  attempt_log TEXT NOT NULL,
  aws_request_id TEXT,
  ms_to_headers INTEGER NOT NULL,
  ms_to_first_frame INTEGER,
  ms_total INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sums by UTC day of startTime. A key or team that a record does not have is ''.
-- priced_nano_usd + estimated_nano_usd is the sum of all known costs; unpriced_calls counts the rows whose cost is not known.
CREATE TABLE spend_daily (
  day TEXT NOT NULL,
  api_key TEXT NOT NULL,
  team_id TEXT NOT NULL,
  model_group TEXT NOT NULL,
  model TEXT NOT NULL,
  model_id TEXT NOT NULL,
  region TEXT NOT NULL,
  calls INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL,
  completion_tokens INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  priced_nano_usd INTEGER NOT NULL,
  estimated_nano_usd INTEGER NOT NULL,
  estimated_calls INTEGER NOT NULL,
  unpriced_calls INTEGER NOT NULL,
  PRIMARY KEY (day, api_key, team_id, model_group, model, model_id, region)
) STRICT, WITHOUT ROWID;

-- Calls of a key with limits that were booked here because its Meter could not be reached.
-- The Meter adds them to its spend at its next turn and deletes the rows.
CREATE TABLE spend_unmetered (
  meter TEXT NOT NULL,
  request_id TEXT NOT NULL,
  cost_nano_usd INTEGER,
  PRIMARY KEY (meter, request_id)
) STRICT, WITHOUT ROWID;
