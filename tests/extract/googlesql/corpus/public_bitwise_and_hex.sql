-- features: bit functions, TO_HEX
-- columns: low INT64, sha STRING
-- row: [4, "a9993e364706816aba3e25717850c26c9cd0d89d"]
SELECT 12 & 6 AS low, TO_HEX(SHA1('abc')) AS sha
