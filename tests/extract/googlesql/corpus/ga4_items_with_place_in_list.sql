-- features: items, WITH OFFSET
-- columns: event_name STRING, place INT64, item_id STRING
-- row: ["view_item", 0, "A1"]
-- row: ["view_item", 1, "B2"]
-- row: ["purchase", 0, "A1"]
-- row: ["purchase", 1, "B2"]
SELECT event_name, place, item.item_id
FROM `ga4.events_20260102`, UNNEST(items) AS item WITH OFFSET AS place
