-- features: LAG, TIMESTAMP_DIFF
-- columns: trip_id INT64, minutes INT64
-- row: [1, null]
-- row: [2, 45]
-- row: [3, null]
-- row: [4, 1430]
-- row: [5, null]
SELECT
  trip_id,
  TIMESTAMP_DIFF(started_at, LAG(started_at) OVER (PARTITION BY start_station ORDER BY started_at), MINUTE) AS minutes
FROM `public.trips`
