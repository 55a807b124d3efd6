-- features: aggregates, division, IF
-- columns: reciprocal FLOAT64
-- row: [0.75]
SELECT AVG(1 / position) AS reciprocal
FROM (
  SELECT search_id, MIN(i.position) AS position
  FROM `ranking.impressions` AS i
  JOIN `ranking.clicks` AS c USING (search_id, listing_id)
  GROUP BY search_id
)
