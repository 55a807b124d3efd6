-- features: event_params, comma join UNNEST, unqualified names
-- columns: page STRING, views INT64
-- row: ["https://shop.example/home?utm=a", 1]
-- row: ["https://shop.example/home", 2]
-- row: ["https://shop.example/about", 1]
SELECT value.string_value AS page, COUNT(*) AS views
FROM `ga4.events_*`, UNNEST(event_params)
WHERE event_name = 'page_view' AND key = 'page_location'
GROUP BY page
