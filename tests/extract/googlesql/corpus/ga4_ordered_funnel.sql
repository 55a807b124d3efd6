-- features: funnel, window, QUALIFY
-- columns: user_pseudo_id STRING, event_name STRING, next_event STRING
-- row: ["u1", "view_item", "add_to_cart"]
-- row: ["u1", "view_item", "purchase"]
SELECT
  user_pseudo_id,
  event_name,
  LEAD(event_name) OVER (PARTITION BY user_pseudo_id ORDER BY event_timestamp) AS next_event
FROM `ga4.events_*`
QUALIFY event_name = 'view_item'
