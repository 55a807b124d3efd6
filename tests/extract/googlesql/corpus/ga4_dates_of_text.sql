-- features: PARSE_DATE, FORMAT_DATE
-- columns: day DATE, weekday STRING, events INT64
-- row: ["2026-01-01", "Thursday", 6]
-- row: ["2026-01-02", "Friday", 6]
SELECT
  PARSE_DATE('%Y%m%d', event_date) AS day,
  FORMAT_DATE('%A', PARSE_DATE('%Y%m%d', event_date)) AS weekday,
  COUNT(*) AS events
FROM `ga4.events_*`
GROUP BY day, weekday
