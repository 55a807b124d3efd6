-- features: ARRAY_AGG, STRUCT, UNNEST
-- columns: order_id INT64, method STRING, cents INT64
-- row: [2, "card", 2000]
with orders as (
    select order_id, array_agg(struct(method, cents) order by cents desc, method) as payments
    from `shop.payments`
    group by order_id
)
select order_id, payments[safe_offset(0)].method, payments[safe_offset(0)].cents
from orders
where array_length(payments) > 1
