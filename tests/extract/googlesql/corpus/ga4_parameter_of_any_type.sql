-- features: event_params, COALESCE, scalar subquery
-- columns: value FLOAT64
-- row: [48.5]
SELECT
  (SELECT COALESCE(value.double_value, value.float_value, value.int_value)
   FROM UNNEST(event_params) WHERE key = 'value') AS value
FROM `ga4.events_*`
WHERE event_name = 'purchase'
