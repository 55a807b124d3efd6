-- features: PARSE_DATE, SAFE.
-- columns: day DATE, n INT64
-- row: ["2026-06-01", 2]
-- row: ["2026-06-02", 1]
SELECT SAFE.PARSE_DATE('%Y%m%d', day) AS day, COUNT(*) AS n
FROM `public.lines`
GROUP BY 1
