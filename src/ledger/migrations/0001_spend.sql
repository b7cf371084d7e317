-- Placeholder until the first migration stands.
SELECT 1;
