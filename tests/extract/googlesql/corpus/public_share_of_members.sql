-- features: COUNTIF, window over aggregate
-- columns: rider STRING, share FLOAT64
-- row: ["member", 0.6]
-- row: ["casual", 0.4]
SELECT rider, COUNT(*) / SUM(COUNT(*)) OVER () AS share
FROM `public.trips`
GROUP BY rider
