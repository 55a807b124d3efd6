-- features: time zones, FORMAT_TIMESTAMP
-- columns: day STRING, trips INT64
-- row: ["2026-04-01", 2]
-- row: ["2026-04-02", 2]
-- row: ["2026-04-04", 1]
SELECT FORMAT_TIMESTAMP('%Y-%m-%d', started_at, 'Asia/Tokyo') AS day, COUNT(*) AS trips
FROM `public.trips`
GROUP BY day
