-- features: UNNEST of STRUCT literals
-- columns: code STRING, factor FLOAT64
-- row: ["JPY", 0.006]
-- row: ["EUR", 1.1]
SELECT code, factor
FROM UNNEST([STRUCT('JPY' AS code, 0.006 AS factor), ('EUR', 1.1)])
