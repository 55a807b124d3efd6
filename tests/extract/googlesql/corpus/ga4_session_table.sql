-- features: event_params, scalar subquery, WITH, TIMESTAMP_MICROS
-- columns: user_pseudo_id STRING, session INT64, started_at TIMESTAMP, seconds INT64, views INT64
-- row: ["u1", 100, "2026-01-01T10:00:00Z", 120, 1]
-- row: ["u2", 200, "2026-01-01T11:00:00Z", 1, 1]
-- row: ["u1", 101, "2026-01-02T09:00:00Z", 300, 0]
-- row: ["u3", 300, "2026-01-02T12:00:00Z", 600, 2]
WITH events AS (
  SELECT
    user_pseudo_id,
    event_name,
    (SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id') AS session,
    TIMESTAMP_MICROS(event_timestamp) AS at
  FROM `ga4.events_*`
)
SELECT
  user_pseudo_id,
  session,
  MIN(at) AS started_at,
  TIMESTAMP_DIFF(MAX(at), MIN(at), SECOND) AS seconds,
  COUNTIF(event_name = 'page_view') AS views
FROM events
GROUP BY user_pseudo_id, session
