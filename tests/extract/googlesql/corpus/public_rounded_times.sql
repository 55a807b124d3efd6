-- features: TIMESTAMP_TRUNC, TIMESTAMP_SECONDS, DIV
-- columns: slot TIMESTAMP, trips INT64
-- row: ["2026-04-01T07:30:00Z", 1]
-- row: ["2026-04-01T08:00:00Z", 1]
-- row: ["2026-04-01T17:30:00Z", 1]
-- row: ["2026-04-02T08:00:00Z", 1]
-- row: ["2026-04-04T12:00:00Z", 1]
SELECT TIMESTAMP_SECONDS(1800 * DIV(UNIX_SECONDS(started_at), 1800)) AS slot, COUNT(*) AS trips
FROM `public.trips`
GROUP BY slot
