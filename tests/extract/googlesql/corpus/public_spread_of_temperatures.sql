-- features: STDDEV, VAR, SQRT
-- columns: station STRING, deviation FLOAT64, population FLOAT64, root FLOAT64
-- row: ["X", 3.0, 2.449, 3.0]
-- row: ["Y", 2.475, 1.75, 2.475]
SELECT
  station,
  ROUND(STDDEV(high), 3) AS deviation,
  ROUND(STDDEV_POP(high), 3) AS population,
  ROUND(SQRT(VAR_SAMP(high)), 3) AS root
FROM `public.weather`
GROUP BY station
