-- features: GROUPING SETS, GROUPING
-- columns: customer_id INT64, status STRING, all_customers INT64, n INT64
-- row: [1, null, 0, 3]
-- row: [2, null, 0, 2]
-- row: [null, "completed", 1, 3]
-- row: [null, "placed", 1, 1]
-- row: [null, "returned", 1, 1]
select customer_id, status, grouping(customer_id) as all_customers, count(*) as n
from `shop.orders`
group by grouping sets (customer_id, status)
