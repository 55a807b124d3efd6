-- features: events_*, _TABLE_SUFFIX, CASE
-- columns: period STRING, users INT64
-- row: ["before", 2]
-- row: ["after", 2]
SELECT
  CASE WHEN _TABLE_SUFFIX < '20260102' THEN 'before' ELSE 'after' END AS period,
  COUNT(DISTINCT user_pseudo_id) AS users
FROM `ga4.events_*`
WHERE REGEXP_CONTAINS(_TABLE_SUFFIX, r'^\d{8}$')
GROUP BY period
