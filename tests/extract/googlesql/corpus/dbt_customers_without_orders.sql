-- features: EXCEPT DISTINCT
-- columns: id INT64
-- row: [3]
select id from `shop.customers`
except distinct
select customer_id from `shop.orders`
