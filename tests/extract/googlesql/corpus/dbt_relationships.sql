-- features: LEFT JOIN, IS NULL
-- columns: failures INT64
-- row: [0]
select count(*) as failures
from `shop.payments` as child
left join `shop.orders` as parent on child.order_id = parent.id
where parent.id is null
