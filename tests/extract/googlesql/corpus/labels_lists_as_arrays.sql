-- features: ARRAY_AGG, arrays of arrays, nested UNNEST
-- columns: user_id INT64, seen INT64, first_listing INT64
-- row: [1, 5, 11]
-- row: [2, 2, 11]
WITH lists AS (
  SELECT user_id, search_id, ARRAY_AGG(listing_id ORDER BY position) AS listings
  FROM `ranking.impressions`
  GROUP BY user_id, search_id
),
users AS (
  SELECT user_id, ARRAY_AGG(STRUCT(search_id, listings) ORDER BY search_id) AS searches
  FROM lists
  GROUP BY user_id
)
SELECT user_id, COUNT(*) AS seen, MIN(listing) AS first_listing
FROM users, UNNEST(searches) AS s, UNNEST(s.listings) AS listing
GROUP BY user_id
