-- features: WITH, star, renamed columns
-- columns: order_id INT64, customer_id INT64, ordered_on DATE, status STRING
-- row: [3, 2, "2026-02-03", "returned"]
with source as (
    select * from `shop.orders`
),
renamed as (
    select
        id as order_id,
        customer_id,
        order_date as ordered_on,
        status
    from source
)
select * from renamed
where status not in ('completed', 'placed')
