-- features: label join, ROW_NUMBER, subquery
-- columns: search_id STRING, listing_id INT64, seconds INT64
-- row: ["s1", 12, 30]
-- row: ["s2", 11, 300]
SELECT i.search_id, i.listing_id, TIMESTAMP_DIFF(c.clicked_at, i.shown_at, SECOND) AS seconds
FROM `ranking.impressions` AS i
JOIN (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY search_id, listing_id ORDER BY clicked_at) AS n
  FROM `ranking.clicks`
) AS c ON c.search_id = i.search_id AND c.listing_id = i.listing_id AND c.n = 1
