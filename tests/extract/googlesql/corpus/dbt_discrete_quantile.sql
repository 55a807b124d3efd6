-- features: PERCENTILE_DISC
-- columns: median FLOAT64
-- row: [25.0]
select distinct percentile_disc(amount, 0.5) over () as median
from `shop.orders`
