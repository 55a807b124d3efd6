-- features: event_params, QUALIFY, ROW_NUMBER, REGEXP
-- columns: user_pseudo_id STRING, path STRING
-- row: ["u1", "/home"]
-- row: ["u2", "/home"]
-- row: ["u3", "/home"]
SELECT
  user_pseudo_id,
  REGEXP_EXTRACT(
    (SELECT value.string_value FROM UNNEST(event_params) WHERE key = 'page_location'),
    r'https?://[^/]+(/[^?]*)'
  ) AS path
FROM `ga4.events_*`
WHERE event_name = 'page_view'
QUALIFY ROW_NUMBER() OVER (PARTITION BY user_pseudo_id ORDER BY event_timestamp) = 1
