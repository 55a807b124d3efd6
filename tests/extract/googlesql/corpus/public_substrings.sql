-- features: SUBSTR, STRPOS, INSTR
-- columns: verb STRING, rest STRING
-- row: ["GET", "/a?x=1 200 12ms"]
-- row: ["POST", "/b 500 7ms"]
-- row: ["GET", "/c 200 3ms"]
SELECT SUBSTR(line, 1, STRPOS(line, ' ') - 1) AS verb, SUBSTR(line, INSTR(line, ' ') + 1) AS rest
FROM `public.lines`
