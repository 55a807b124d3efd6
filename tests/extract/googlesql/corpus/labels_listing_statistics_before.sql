-- features: label join, correlated subquery
-- columns: search_id STRING, listing_id INT64, clicks_before INT64
-- row: ["s3", 12, 2]
-- row: ["s3", 11, 1]
SELECT
  i.search_id,
  i.listing_id,
  (SELECT COUNT(*) FROM `ranking.clicks` AS c
   WHERE c.listing_id = i.listing_id AND c.clicked_at < i.shown_at) AS clicks_before
FROM `ranking.impressions` AS i
WHERE i.search_id = 's3'
