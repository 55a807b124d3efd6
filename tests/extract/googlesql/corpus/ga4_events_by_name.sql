-- features: events_*, _TABLE_SUFFIX
-- columns: event_name STRING, events INT64
-- row: ["page_view", 4]
-- row: ["session_start", 4]
-- row: ["view_item", 2]
-- row: ["add_to_cart", 1]
-- row: ["purchase", 1]
SELECT
  event_name,
  COUNT(*) AS events
FROM `my-project.ga4.events_*`
WHERE _TABLE_SUFFIX BETWEEN '20260101' AND '20260102'
GROUP BY event_name
ORDER BY events DESC, event_name
