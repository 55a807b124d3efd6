-- features: events_*, clock
-- refused: line 3 column 54: Use @end
SELECT COUNT(*) AS events
FROM `ga4.events_*`
WHERE _TABLE_SUFFIX = FORMAT_DATE('%Y%m%d', DATE_SUB(CURRENT_DATE(), INTERVAL 1 DAY))
