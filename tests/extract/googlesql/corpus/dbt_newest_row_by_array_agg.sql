-- features: ARRAY_AGG of rows, LIMIT, OFFSET
-- columns: order_id INT64, status STRING
-- row: [1, "completed"]
-- row: [2, "completed"]
-- row: [3, "returned"]
select latest.order_id, latest.status
from (
    select array_agg(s order by s.updated_at desc limit 1)[offset(0)] as latest
    from `shop.snapshots` as s
    group by s.order_id
)
