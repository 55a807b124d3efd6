-- features: items, funnel, COUNTIF
-- columns: item_id STRING, viewed INT64, added INT64, bought INT64
-- row: ["A1", 2, 1, 1]
-- row: ["B2", 1, 0, 1]
SELECT
  item.item_id,
  COUNTIF(event_name = 'view_item') AS viewed,
  COUNTIF(event_name = 'add_to_cart') AS added,
  COUNTIF(event_name = 'purchase') AS bought
FROM `ga4.events_*`, UNNEST(items) AS item
GROUP BY item.item_id
ORDER BY item.item_id
