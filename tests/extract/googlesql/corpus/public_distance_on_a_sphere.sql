-- features: trigonometry
-- columns: km INT64
-- row: [877]
SELECT
  CAST(ROUND(6371 * ACOS(
    SIN(48.8566 * ACOS(-1) / 180) * SIN(52.52 * ACOS(-1) / 180)
    + COS(48.8566 * ACOS(-1) / 180) * COS(52.52 * ACOS(-1) / 180) * COS((13.405 - 2.3522) * ACOS(-1) / 180)
  )) AS INT64) AS km
