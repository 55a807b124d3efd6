-- features: MAX_BY, MIN_BY
-- columns: station STRING, hottest DATE, coldest DATE
-- row: ["X", "2026-05-02", "2026-05-03"]
-- row: ["Y", "2026-05-02", "2026-05-01"]
SELECT station, MAX_BY(day, high) AS hottest, MIN_BY(day, high) AS coldest
FROM `public.weather`
GROUP BY station
