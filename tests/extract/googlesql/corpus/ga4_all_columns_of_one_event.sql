-- features: events_*, EXCEPT star
-- columns: event_date STRING, event_timestamp INT64, event_name STRING, user_pseudo_id STRING
-- row: ["20260102", 1767344700000000, "purchase", "u1"]
SELECT * EXCEPT (event_params, items, device, geo, traffic_source, ecommerce)
FROM `ga4.events_*`
WHERE event_name = 'purchase'
