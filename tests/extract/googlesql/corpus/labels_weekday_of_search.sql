-- features: FORMAT_TIMESTAMP, time zones, EXTRACT
-- columns: search_id STRING, weekday STRING, day INT64
-- row: ["s1", "Sunday", 1]
-- row: ["s2", "Sunday", 1]
-- row: ["s3", "Monday", 2]
SELECT DISTINCT
  search_id,
  FORMAT_TIMESTAMP('%A', shown_at, 'Asia/Tokyo') AS weekday,
  EXTRACT(DAYOFWEEK FROM shown_at AT TIME ZONE 'Asia/Tokyo') AS day
FROM `ranking.impressions`
