-- features: COUNTIF, SAFE_DIVIDE, DATE
-- columns: month DATE, answered FLOAT64
-- row: ["2026-01-01", 0.5]
-- row: ["2026-02-01", 1.0]
SELECT DATE_TRUNC(DATE(created_at), MONTH) AS month, SAFE_DIVIDE(COUNTIF(answers > 0), COUNT(*)) AS answered
FROM `public.posts`
GROUP BY month
