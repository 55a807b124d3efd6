-- features: label join, LEFT JOIN, GROUP BY
-- columns: search_id STRING, listing_id INT64, inquired INT64
-- row: ["s1", 11, 0]
-- row: ["s1", 12, 1]
-- row: ["s1", 13, 0]
-- row: ["s2", 11, 0]
-- row: ["s2", 14, 1]
-- row: ["s3", 12, 0]
-- row: ["s3", 11, 0]
SELECT i.search_id, i.listing_id, MAX(IF(q.user_id IS NULL, 0, 1)) AS inquired
FROM `ranking.impressions` AS i
LEFT JOIN `ranking.inquiries` AS q
  ON q.user_id = i.user_id AND q.listing_id = i.listing_id
  AND TIMESTAMP_DIFF(q.sent_at, i.shown_at, DAY) BETWEEN 0 AND 13 AND q.sent_at >= i.shown_at
GROUP BY i.search_id, i.listing_id
