-- features: window over aggregate, SAFE_DIVIDE, ROUND
-- columns: category STRING, share FLOAT64
-- row: ["desktop", 0.58]
-- row: ["mobile", 0.42]
SELECT
  device.category,
  ROUND(SAFE_DIVIDE(COUNT(*), SUM(COUNT(*)) OVER ()), 2) AS share
FROM `ga4.events_*`
GROUP BY device.category
