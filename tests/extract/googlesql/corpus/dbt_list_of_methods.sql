-- features: STRING_AGG, DISTINCT
-- columns: customer_id INT64, methods STRING
-- row: [1, "card, gift"]
-- row: [2, "bank"]
select o.customer_id, string_agg(distinct p.method, ', ' order by p.method) as methods
from `shop.orders` as o
join `shop.payments` as p on p.order_id = o.id
group by o.customer_id
