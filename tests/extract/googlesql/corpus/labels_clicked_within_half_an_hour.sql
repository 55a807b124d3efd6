-- features: label join, EXISTS, window of time
-- columns: search_id STRING, listing_id INT64, position INT64, clicked INT64
-- row: ["s1", 11, 1, 0]
-- row: ["s1", 12, 2, 1]
-- row: ["s1", 13, 3, 0]
-- row: ["s2", 11, 1, 1]
-- row: ["s2", 14, 2, 0]
-- row: ["s3", 12, 1, 0]
-- row: ["s3", 11, 2, 0]
SELECT
  i.search_id,
  i.listing_id,
  i.position,
  IF(EXISTS (
    SELECT 1 FROM `ranking.clicks` AS c
    WHERE c.search_id = i.search_id AND c.listing_id = i.listing_id
      AND c.clicked_at BETWEEN i.shown_at AND TIMESTAMP_ADD(i.shown_at, INTERVAL 30 MINUTE)
  ), 1, 0) AS clicked
FROM `ranking.impressions` AS i
WHERE i.shown_at >= @start AND i.shown_at < @end
