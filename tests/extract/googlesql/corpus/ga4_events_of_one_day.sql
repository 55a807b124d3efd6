-- features: events_*, _TABLE_SUFFIX
-- columns: day STRING, users INT64
-- row: ["20260102", 2]
SELECT _TABLE_SUFFIX AS day, COUNT(DISTINCT user_pseudo_id) AS users
FROM `ga4.events_*`
WHERE _TABLE_SUFFIX = FORMAT_DATE('%Y%m%d', DATE '2026-01-02')
GROUP BY day
