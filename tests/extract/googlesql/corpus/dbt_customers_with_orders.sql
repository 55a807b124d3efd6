-- features: WITH, LEFT JOIN, COALESCE, USING
-- columns: customer_id INT64, first_order DATE, orders INT64, lifetime_value FLOAT64
-- row: [1, "2026-01-05", 3, 45.0]
-- row: [2, "2026-02-03", 2, 65.0]
-- row: [3, null, 0, 0.0]
with customers as (
    select id as customer_id, first_name, last_name from `shop.customers`
),
customer_orders as (
    select
        customer_id,
        min(order_date) as first_order,
        count(id) as number_of_orders,
        sum(amount) as total
    from `shop.orders`
    group by customer_id
)
select
    customers.customer_id,
    customer_orders.first_order,
    coalesce(customer_orders.number_of_orders, 0) as orders,
    coalesce(customer_orders.total, 0) as lifetime_value
from customers
left join customer_orders using (customer_id)
