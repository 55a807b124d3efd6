-- features: REGEXP_EXTRACT, SAFE.PARSE_TIMESTAMP, CAST
-- columns: verb STRING, status INT64, milliseconds INT64, at TIMESTAMP
-- row: ["GET", 200, 12, "2026-06-01T10:00:00Z"]
-- row: ["POST", 500, 7, "2026-06-01T10:00:01Z"]
-- row: ["GET", 200, 3, null]
SELECT
  REGEXP_EXTRACT(line, r'^(\w+)') AS verb,
  CAST(REGEXP_EXTRACT(line, r' (\d{3}) ') AS INT64) AS status,
  CAST(REGEXP_EXTRACT(line, r'(\d+)ms$') AS INT64) AS milliseconds,
  SAFE.PARSE_TIMESTAMP('%Y-%m-%d %H:%M:%S', ts) AS at
FROM `public.lines`
