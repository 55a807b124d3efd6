-- features: ARRAY_AGG, ORDER BY, LIMIT, STRUCT
-- columns: user_pseudo_id STRING, first_event STRING, country STRING
-- row: ["u1", "session_start", "US"]
-- row: ["u2", "session_start", "DE"]
-- row: ["u3", "session_start", "JP"]
WITH firsts AS (
  SELECT
    user_pseudo_id,
    ARRAY_AGG(STRUCT(event_name, geo.country AS country) ORDER BY event_timestamp LIMIT 1)[OFFSET(0)] AS event
  FROM `ga4.events_*`
  GROUP BY user_pseudo_id
)
SELECT user_pseudo_id, event.event_name AS first_event, event.country
FROM firsts
