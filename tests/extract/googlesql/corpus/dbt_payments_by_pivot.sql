-- features: PIVOT
-- columns: order_id INT64, cents_card INT64, cents_gift INT64
-- row: [1, 1000, null]
-- row: [2, 2000, 1000]
-- row: [3, null, null]
-- row: [4, 500, null]
-- row: [5, null, null]
select *
from (select order_id, method, cents from `shop.payments`)
pivot (sum(cents) as cents for method in ('card', 'gift'))
