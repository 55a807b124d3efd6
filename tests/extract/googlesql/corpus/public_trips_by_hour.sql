-- features: EXTRACT, GROUP BY, time zones
-- columns: weekday INT64, hour INT64, trips INT64
-- row: [4, 7, 1]
-- row: [4, 8, 1]
-- row: [4, 17, 1]
-- row: [5, 8, 1]
-- row: [7, 12, 1]
SELECT
  EXTRACT(DAYOFWEEK FROM started_at) AS weekday,
  EXTRACT(HOUR FROM started_at) AS hour,
  COUNT(*) AS trips
FROM `bigquery-public-data.public.trips`
GROUP BY weekday, hour
