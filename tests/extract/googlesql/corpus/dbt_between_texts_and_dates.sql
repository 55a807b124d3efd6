-- features: date literals, BETWEEN
-- columns: n INT64
-- row: [2]
select count(*) as n
from `shop.orders`
where order_date between '2026-02-01' and '2026-02-10'
