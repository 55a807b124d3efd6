-- features: EXTRACT, DATE_TRUNC, WEEK
-- columns: week DATE, iso INT64, trips INT64
-- row: ["2026-03-30", 14, 5]
SELECT DATE_TRUNC(DATE(started_at), WEEK(MONDAY)) AS week, EXTRACT(ISOWEEK FROM started_at) AS iso, COUNT(*) AS trips
FROM `public.trips`
GROUP BY week, iso
