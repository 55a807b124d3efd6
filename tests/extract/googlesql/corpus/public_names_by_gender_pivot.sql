-- features: PIVOT, several aggregates
-- columns: year INT64, total_f INT64, names_f INT64, total_m INT64, names_m INT64
-- row: [2000, 80, 2, 40, 1]
-- row: [2001, 70, 1, 110, 2]
SELECT *
FROM (SELECT year, gender, number FROM `public.names`)
PIVOT (SUM(number) AS total, COUNT(*) AS names FOR gender IN ('F' AS f, 'M' AS m))
ORDER BY year
