-- Columns of this version; NULL in rows of the one before, where a reader gives null, [] or false (src/ledger/README.md).

-- Where cost_nano_usd is NULL: what is known of it, and the meters or fees that have no price, as a JSON list.
ALTER TABLE spend_logs ADD COLUMN known_cost_nano_usd INTEGER;
ALTER TABLE spend_logs ADD COLUMN cost_missing TEXT;

-- The model that a prompt router chose.
ALTER TABLE spend_logs ADD COLUMN routed_model TEXT;

-- 1 where something that came from outside was too much to be kept whole.
ALTER TABLE spend_logs ADD COLUMN metadata_truncated INTEGER;
