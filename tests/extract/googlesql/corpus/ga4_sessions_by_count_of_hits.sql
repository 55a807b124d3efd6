-- features: event_params, subquery in FROM, buckets
-- columns: hits INT64, sessions INT64
-- row: [4, 1]
-- row: [2, 1]
-- row: [3, 2]
SELECT hits, COUNT(*) AS sessions
FROM (
  SELECT user_pseudo_id, (SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id') AS sid,
    COUNT(*) AS hits
  FROM `ga4.events_*`
  GROUP BY 1, 2
)
GROUP BY hits
