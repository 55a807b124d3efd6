-- features: HAVING, COUNT DISTINCT
-- columns: name STRING
-- row: ["Emma"]
-- row: ["Liam"]
SELECT name
FROM `public.names`
GROUP BY name
HAVING COUNT(DISTINCT state) = 2
