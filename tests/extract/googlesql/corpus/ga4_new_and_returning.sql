-- features: event_params, IF, scalar subquery
-- columns: kind STRING, sessions INT64
-- row: ["new", 3]
-- row: ["returning", 1]
SELECT
  IF((SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_number') = 1, 'new', 'returning') AS kind,
  COUNT(*) AS sessions
FROM `ga4.events_*`
WHERE event_name = 'session_start'
GROUP BY kind
