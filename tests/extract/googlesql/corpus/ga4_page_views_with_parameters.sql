-- features: event_params, scalar subquery
-- columns: user_pseudo_id STRING, page STRING, session INT64
-- row: ["u1", "https://shop.example/home?utm=a", 100]
-- row: ["u2", "https://shop.example/home", 200]
-- row: ["u3", "https://shop.example/home", 300]
-- row: ["u3", "https://shop.example/about", 300]
SELECT
  user_pseudo_id,
  (SELECT value.string_value FROM UNNEST(event_params) WHERE key = 'page_location') AS page,
  (SELECT value.int_value FROM UNNEST(event_params) WHERE key = 'ga_session_id') AS session
FROM `ga4.events_*`
WHERE event_name = 'page_view'
