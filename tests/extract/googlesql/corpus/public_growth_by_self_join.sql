-- features: self join, ROUND
-- columns: name STRING, growth FLOAT64
-- row: ["Emma", 0.4]
SELECT a.name, ROUND((b.number - a.number) / a.number, 2) AS growth
FROM `public.names` AS a
JOIN `public.names` AS b ON a.name = b.name AND a.state = b.state AND b.year = a.year + 1
