-- features: events_*, _TABLE_SUFFIX, date arithmetic
-- columns: events INT64
-- row: [6]
SELECT COUNT(*) AS events
FROM `ga4.events_*`
WHERE _TABLE_SUFFIX BETWEEN
    FORMAT_DATE('%Y%m%d', DATE_SUB(DATE '2026-01-02', INTERVAL 7 DAY))
    AND FORMAT_DATE('%Y%m%d', DATE_SUB(DATE '2026-01-02', INTERVAL 1 DAY))
