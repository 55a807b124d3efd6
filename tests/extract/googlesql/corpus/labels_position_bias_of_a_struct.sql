-- features: STRUCT, ARRAY_AGG, nested UNNEST
-- columns: search_id STRING, listing_id INT64, place INT64
-- row: ["s1", 11, 0]
-- row: ["s1", 12, 1]
-- row: ["s1", 13, 2]
-- row: ["s2", 11, 0]
-- row: ["s2", 14, 1]
-- row: ["s3", 12, 0]
-- row: ["s3", 11, 1]
WITH lists AS (
  SELECT search_id, ARRAY_AGG(STRUCT(listing_id, position) ORDER BY position) AS shown
  FROM `ranking.impressions`
  GROUP BY search_id
)
SELECT search_id, s.listing_id, place
FROM lists, UNNEST(shown) AS s WITH OFFSET AS place
