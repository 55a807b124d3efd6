-- features: RANK, QUALIFY
-- columns: state STRING, name STRING, total INT64
-- row: ["CA", "Emma", 120]
-- row: ["NY", "Liam", 90]
SELECT state, name, SUM(number) AS total
FROM `public.names`
GROUP BY state, name
QUALIFY RANK() OVER (PARTITION BY state ORDER BY SUM(number) DESC) = 1
