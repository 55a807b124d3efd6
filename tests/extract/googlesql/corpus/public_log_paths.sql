-- features: SPLIT, OFFSET, SAFE_OFFSET
-- columns: path STRING, query STRING
-- row: ["/a", "x=1"]
-- row: ["/b", null]
-- row: ["/c", null]
SELECT
  SPLIT(SPLIT(line, ' ')[OFFSET(1)], '?')[ORDINAL(1)] AS path,
  SPLIT(SPLIT(line, ' ')[OFFSET(1)], '?')[SAFE_OFFSET(1)] AS query
FROM `public.lines`
