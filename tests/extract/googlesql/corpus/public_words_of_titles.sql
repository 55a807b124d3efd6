-- features: REGEXP_EXTRACT_ALL, LOWER, UNNEST
-- columns: word STRING, n INT64
-- row: ["a", 1]
-- row: ["how", 1]
-- row: ["join", 1]
-- row: ["pivot", 1]
-- row: ["query", 1]
-- row: ["slow", 1]
-- row: ["table", 1]
-- row: ["to", 1]
SELECT word, COUNT(*) AS n
FROM `public.posts`, UNNEST(REGEXP_EXTRACT_ALL(LOWER(title), r'[a-z]+')) AS word
GROUP BY word
