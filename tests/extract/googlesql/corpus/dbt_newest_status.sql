-- features: QUALIFY, ROW_NUMBER
-- columns: order_id INT64, status STRING
-- row: [1, "completed"]
-- row: [2, "completed"]
-- row: [3, "returned"]
select order_id, status
from `shop.snapshots`
qualify row_number() over (partition by order_id order by updated_at desc) = 1
