-- features: ORDER BY, LIMIT
-- columns: search_id STRING, listing_id INT64
-- row: ["s3", 12]
-- row: ["s3", 11]
SELECT search_id, listing_id
FROM `ranking.impressions`
ORDER BY shown_at DESC, position
LIMIT 2
