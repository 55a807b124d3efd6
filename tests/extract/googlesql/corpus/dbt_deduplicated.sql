-- features: QUALIFY, named window, star
-- columns: order_id INT64, n INT64
-- row: [1, 2]
-- row: [2, 2]
-- row: [3, 2]
with ranked as (
    select *, row_number() over newest as number, count(*) over (partition by order_id) as n
    from `shop.snapshots`
    window newest as (partition by order_id order by updated_at desc)
)
select order_id, n from ranked where number = 1
