-- features: LEAD, named window, TIMESTAMP_MICROS
-- columns: event_name STRING, seconds INT64
-- row: ["session_start", 5]
-- row: ["page_view", 55]
-- row: ["view_item", 60]
-- row: ["add_to_cart", null]
SELECT
  event_name,
  TIMESTAMP_DIFF(TIMESTAMP_MICROS(LEAD(event_timestamp) OVER w), TIMESTAMP_MICROS(event_timestamp), SECOND) AS seconds
FROM `ga4.events_20260101`
WHERE user_pseudo_id = 'u1'
WINDOW w AS (PARTITION BY user_pseudo_id ORDER BY event_timestamp)
