-- features: CUBE
-- columns: customer_id INT64, returned BOOL, n INT64
-- row: [1, false, 3]
-- row: [2, false, 1]
-- row: [2, true, 1]
-- row: [1, null, 3]
-- row: [2, null, 2]
-- row: [null, false, 4]
-- row: [null, true, 1]
-- row: [null, null, 5]
select customer_id, status = 'returned' as returned, count(*) as n
from `shop.orders`
group by cube (customer_id, returned)
