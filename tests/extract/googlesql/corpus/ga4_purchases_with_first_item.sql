-- features: items, ARRAY OFFSET
-- columns: transaction_id STRING, first_item STRING, items INT64
-- row: ["T1", "A1", 2]
SELECT
  ecommerce.transaction_id,
  items[OFFSET(0)].item_id AS first_item,
  ARRAY_LENGTH(items) AS items
FROM `ga4.events_*`
WHERE event_name = 'purchase'
