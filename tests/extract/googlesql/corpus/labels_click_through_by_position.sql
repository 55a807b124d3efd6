-- features: label join, AVG, CAST
-- columns: position INT64, shown INT64, rate FLOAT64
-- row: [1, 3, 0.333]
-- row: [2, 3, 0.333]
-- row: [3, 1, 0.0]
WITH labelled AS (
  SELECT i.position, CAST(c.listing_id IS NOT NULL AS INT64) AS clicked
  FROM `ranking.impressions` AS i
  LEFT JOIN (SELECT DISTINCT search_id, listing_id FROM `ranking.clicks`) AS c USING (search_id, listing_id)
)
SELECT position, COUNT(*) AS shown, ROUND(AVG(clicked), 3) AS rate
FROM labelled
GROUP BY position
