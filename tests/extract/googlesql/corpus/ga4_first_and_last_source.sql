-- features: FIRST_VALUE, LAST_VALUE, window frame
-- columns: user_pseudo_id STRING, first_event STRING, last_event STRING
-- row: ["u1", "session_start", "purchase"]
-- row: ["u2", "session_start", "page_view"]
-- row: ["u3", "session_start", "page_view"]
SELECT DISTINCT
  user_pseudo_id,
  FIRST_VALUE(event_name) OVER w AS first_event,
  LAST_VALUE(event_name) OVER w AS last_event
FROM `ga4.events_*`
WINDOW w AS (
  PARTITION BY user_pseudo_id ORDER BY event_timestamp ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
)
