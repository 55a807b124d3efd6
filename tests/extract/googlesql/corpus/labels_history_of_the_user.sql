-- features: window frame, RANGE, UNIX_SECONDS
-- columns: search_id STRING, searches_before INT64
-- row: ["s1", 0]
-- row: ["s2", 0]
-- row: ["s3", 1]
WITH searches AS (
  SELECT search_id, user_id, MIN(shown_at) AS at FROM `ranking.impressions` GROUP BY search_id, user_id
)
SELECT
  search_id,
  COUNT(*) OVER (
    PARTITION BY user_id ORDER BY UNIX_SECONDS(at) RANGE BETWEEN 604800 PRECEDING AND 1 PRECEDING
  ) AS searches_before
FROM searches
