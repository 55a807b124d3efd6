-- features: ROLLUP
-- columns: customer_id INT64, status STRING, n INT64
-- row: [1, "completed", 2]
-- row: [1, "placed", 1]
-- row: [1, null, 3]
-- row: [2, "completed", 1]
-- row: [2, "returned", 1]
-- row: [2, null, 2]
-- row: [null, null, 5]
select customer_id, status, count(*) as n
from `shop.orders`
group by rollup (customer_id, status)
