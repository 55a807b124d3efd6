-- features: LEFT JOIN UNNEST, items
-- columns: event_name STRING, item STRING, n INT64
-- row: ["add_to_cart", "A1", 1]
-- row: ["page_view", null, 4]
-- row: ["purchase", "A1", 1]
-- row: ["purchase", "B2", 1]
-- row: ["session_start", null, 4]
-- row: ["view_item", "A1", 2]
-- row: ["view_item", "B2", 1]
SELECT e.event_name, i.item_id AS item, COUNT(*) AS n
FROM `ga4.events_*` AS e
LEFT JOIN UNNEST(e.items) AS i
GROUP BY e.event_name, item
