-- features: NTILE, CUME_DIST
-- columns: trip_id INT64, half INT64, share FLOAT64
-- row: [1, 1, 0.4]
-- row: [2, 2, 0.8]
-- row: [3, 1, 0.6]
-- row: [4, 1, 0.2]
-- row: [5, 2, 1.0]
SELECT
  trip_id,
  NTILE(2) OVER (ORDER BY seconds) AS half,
  CUME_DIST() OVER (ORDER BY seconds) AS share
FROM `public.trips`
