-- features: JSON_VALUE, SAFE_CAST
-- columns: listing_id INT64, channel STRING, m2 INT64
-- row: [12, "form", 40]
-- row: [14, "phone", 25]
SELECT
  listing_id,
  JSON_EXTRACT_SCALAR(payload, '$.channel') AS channel,
  SAFE_CAST(JSON_VALUE(payload, '$.size.m2') AS INT64) AS m2
FROM `ranking.inquiries`
