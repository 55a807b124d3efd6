-- features: LEAD, window, COALESCE
-- columns: order_id INT64, status STRING, hours INT64
-- row: [1, "placed", 25]
-- row: [1, "completed", null]
-- row: [2, "placed", 52]
-- row: [2, "completed", null]
-- row: [3, "placed", 122]
-- row: [3, "returned", null]
select
    order_id,
    status,
    timestamp_diff(
        lead(updated_at) over (partition by order_id order by updated_at), updated_at, hour
    ) as hours
from `shop.snapshots`
