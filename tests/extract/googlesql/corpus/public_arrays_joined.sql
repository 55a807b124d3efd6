-- features: ARRAY_CONCAT, ARRAY_TO_STRING, ARRAY_REVERSE
-- columns: text STRING
-- row: ["c,b,a"]
SELECT ARRAY_TO_STRING(ARRAY_REVERSE(ARRAY_CONCAT(['a'], ['b', 'c'])), ',') AS text
