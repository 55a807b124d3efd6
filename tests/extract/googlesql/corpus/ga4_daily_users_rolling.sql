-- features: window frame, ROWS
-- columns: day STRING, users INT64, two_days INT64
-- row: ["20260101", 2, 2]
-- row: ["20260102", 2, 4]
WITH days AS (
  SELECT event_date AS day, COUNT(DISTINCT user_pseudo_id) AS users FROM `ga4.events_*` GROUP BY day
)
SELECT day, users, SUM(users) OVER (ORDER BY day ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two_days
FROM days
