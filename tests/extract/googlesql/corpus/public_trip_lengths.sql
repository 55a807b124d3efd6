-- features: CASE, buckets
-- columns: length STRING, trips INT64
-- row: ["short", 1]
-- row: ["middle", 3]
-- row: ["long", 1]
SELECT
  CASE WHEN seconds < 600 THEN 'short' WHEN seconds <= 1800 THEN 'middle' ELSE 'long' END AS length,
  COUNT(*) AS trips
FROM `public.trips`
GROUP BY length
