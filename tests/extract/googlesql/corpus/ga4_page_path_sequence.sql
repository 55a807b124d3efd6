-- features: event_params, STRING_AGG, ORDER BY
-- columns: user_pseudo_id STRING, path STRING
-- row: ["u1", "Home"]
-- row: ["u2", "Home"]
-- row: ["u3", "Home > About"]
SELECT
  user_pseudo_id,
  STRING_AGG(
    (SELECT value.string_value FROM UNNEST(event_params) WHERE key = 'page_title'), ' > '
    ORDER BY event_timestamp
  ) AS path
FROM `ga4.events_*`
WHERE event_name = 'page_view'
GROUP BY user_pseudo_id
