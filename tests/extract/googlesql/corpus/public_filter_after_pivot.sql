-- features: PIVOT, WHERE, expressions
-- columns: state STRING, share FLOAT64
-- row: ["CA", 0.44]
SELECT state, ROUND(M / (F + M), 2) AS share
FROM (SELECT state, gender, number FROM `public.names` WHERE year < 2001 OR state = 'NY')
PIVOT (SUM(number) FOR gender IN ('F', 'M'))
WHERE state = 'CA' AND F IS NOT NULL
