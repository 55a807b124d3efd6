-- features: ORDER BY, LIMIT, CONCAT
-- columns: route STRING, trips INT64, minutes FLOAT64
-- row: ["A > B", 2, 7.5]
SELECT
  CONCAT(start_station, ' > ', end_station) AS route,
  COUNT(*) AS trips,
  AVG(seconds) / 60 AS minutes
FROM `public.trips`
GROUP BY route
ORDER BY trips DESC
LIMIT 1
