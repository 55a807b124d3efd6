-- features: event_params, scalar subquery, HAVING
-- columns: session INT64, engagement INT64
-- row: [100, 3000]
-- row: [101, 7000]
SELECT
  (SELECT ep.value.int_value FROM UNNEST(event_params) AS ep WHERE ep.key = 'ga_session_id') AS session,
  SUM((SELECT ep.value.int_value FROM UNNEST(event_params) AS ep WHERE ep.key = 'engagement_time_msec')) AS engagement
FROM `ga4.events_*`
GROUP BY session
HAVING engagement >= 3000
