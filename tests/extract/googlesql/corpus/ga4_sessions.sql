-- features: event_params, scalar subquery, CONCAT
-- columns: sessions INT64, users INT64
-- row: [4, 3]
SELECT
  COUNT(DISTINCT CONCAT(user_pseudo_id, '-', CAST((
    SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id'
  ) AS STRING))) AS sessions,
  COUNT(DISTINCT user_pseudo_id) AS users
FROM `ga4.events_*`
