-- features: ARRAY_AGG, LIMIT, UNNEST
-- columns: station STRING, day DATE, high FLOAT64
-- row: ["X", "2026-05-02", 18.0]
-- row: ["Y", "2026-05-02", 9.5]
SELECT station, hottest.day, hottest.high
FROM (
  SELECT station, ARRAY_AGG(STRUCT(day, high) ORDER BY high DESC LIMIT 1) AS hottest_days
  FROM `public.weather`
  GROUP BY station
), UNNEST(hottest_days) AS hottest
