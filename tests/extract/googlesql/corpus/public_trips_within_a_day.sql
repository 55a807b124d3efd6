-- features: window frame, RANGE
-- columns: trip_id INT64, last_day INT64
-- row: [1, 1]
-- row: [2, 2]
-- row: [3, 3]
-- row: [4, 3]
-- row: [5, 1]
SELECT
  trip_id,
  COUNT(*) OVER (ORDER BY UNIX_SECONDS(started_at) RANGE BETWEEN 86400 PRECEDING AND CURRENT ROW) AS last_day
FROM `public.trips`
