-- features: SAFE. prefix
-- columns: verb STRING
-- row: ["GET"]
-- row: ["POST"]
-- row: ["GET"]
SELECT SAFE.SUBSTR(line, 1, STRPOS(line, ' ') - 1) AS verb
FROM `public.lines`
