-- features: time zones, EXTRACT
-- columns: hour INT64, events INT64
-- row: [18, 3]
-- row: [19, 4]
-- row: [20, 2]
-- row: [21, 3]
SELECT
  EXTRACT(HOUR FROM TIMESTAMP_MICROS(event_timestamp) AT TIME ZONE 'Asia/Tokyo') AS hour,
  COUNT(*) AS events
FROM `ga4.events_*`
GROUP BY hour
