-- features: RANK, PERCENT_RANK, named window
-- columns: search_id STRING, listing_id INT64, cheapest INT64, share FLOAT64
-- row: ["s1", 13, 1, 0.0]
-- row: ["s1", 11, 2, 0.5]
-- row: ["s1", 12, 3, 1.0]
-- row: ["s2", 14, 1, 0.0]
-- row: ["s2", 11, 2, 1.0]
-- row: ["s3", 11, 1, 0.0]
-- row: ["s3", 12, 2, 1.0]
SELECT
  i.search_id,
  i.listing_id,
  RANK() OVER by_rent AS cheapest,
  PERCENT_RANK() OVER by_rent AS share
FROM `ranking.impressions` AS i
JOIN `ranking.listings` AS l USING (listing_id)
WINDOW by_rent AS (PARTITION BY i.search_id ORDER BY l.rent)
