-- features: TRIM, NULLIF, LEFT, CONCAT
-- columns: first_name STRING, initials STRING
-- row: ["ANN", "A.L."]
-- row: ["BOB", "B.R."]
-- row: ["CY", "C.O."]
select
    nullif(upper(trim(first_name)), '') as first_name,
    concat(left(first_name, 1), '.', left(last_name, 1), '.') as initials
from `shop.customers`
