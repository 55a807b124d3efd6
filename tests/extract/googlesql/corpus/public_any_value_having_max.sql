-- features: ANY_VALUE HAVING MAX
-- columns: station STRING, hottest DATE
-- row: ["X", "2026-05-02"]
-- row: ["Y", "2026-05-02"]
SELECT station, ANY_VALUE(day HAVING MAX high) AS hottest
FROM `public.weather`
GROUP BY station
