-- features: NOT EXISTS, NOT IN
-- columns: search_id STRING, listing_id INT64
-- row: ["s1", 13]
SELECT search_id, listing_id
FROM `ranking.impressions` AS i
WHERE NOT EXISTS (
  SELECT 1 FROM `ranking.impressions` AS o WHERE o.listing_id = i.listing_id AND o.search_id <> i.search_id
) AND listing_id NOT IN (SELECT listing_id FROM `ranking.inquiries`)
