-- features: window, MAX OVER
-- columns: search_id STRING, listing_id INT64, skipped BOOL
-- row: ["s1", 11, true]
-- row: ["s1", 12, false]
-- row: ["s2", 11, false]
WITH clicked AS (
  SELECT i.search_id, i.listing_id, i.position, c.listing_id IS NOT NULL AS was_clicked
  FROM `ranking.impressions` AS i
  LEFT JOIN (SELECT DISTINCT search_id, listing_id FROM `ranking.clicks`) AS c
    ON c.search_id = i.search_id AND c.listing_id = i.listing_id
),
last_clicks AS (
  SELECT *, MAX(IF(was_clicked, position, NULL)) OVER (PARTITION BY search_id) AS last_position FROM clicked
)
SELECT search_id, listing_id, NOT was_clicked AS skipped
FROM last_clicks
WHERE position <= last_position
