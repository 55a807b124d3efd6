-- features: events_*, star in WITH
-- columns: event_name STRING, n INT64
-- row: ["purchase", 1]
WITH events AS (
  SELECT * FROM `ga4.events_*` WHERE _TABLE_SUFFIX >= '20260102'
)
SELECT event_name, COUNT(*) AS n FROM events WHERE ARRAY_LENGTH(items) = 2 GROUP BY event_name
HAVING event_name LIKE 'p%'
