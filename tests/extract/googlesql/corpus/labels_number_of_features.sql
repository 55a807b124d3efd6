-- features: ARRAY_LENGTH, ARRAY_TO_STRING
-- columns: listing_id INT64, n INT64, text STRING
-- row: [11, 2, "parking|pets"]
-- row: [12, 1, "pets"]
-- row: [13, 0, ""]
-- row: [14, 0, ""]
SELECT listing_id, IFNULL(ARRAY_LENGTH(features), 0) AS n, ARRAY_TO_STRING(features, '|') AS text
FROM `ranking.listings`
