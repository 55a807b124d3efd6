-- features: CASE, REGEXP, STRUCT fields
-- columns: channel STRING, users INT64
-- row: ["Organic search", 1]
-- row: ["Direct", 1]
-- row: ["Email", 1]
SELECT
  CASE
    WHEN traffic_source.source = '(direct)' AND traffic_source.medium IN ('(none)', '(not set)') THEN 'Direct'
    WHEN REGEXP_CONTAINS(traffic_source.medium, r'^e-?mail$') THEN 'Email'
    WHEN traffic_source.medium = 'organic' THEN 'Organic search'
    ELSE 'Other'
  END AS channel,
  COUNT(DISTINCT user_pseudo_id) AS users
FROM `ga4.events_*`
GROUP BY channel
