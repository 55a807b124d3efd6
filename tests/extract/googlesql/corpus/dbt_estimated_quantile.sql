-- features: APPROX_
-- refused: line 1 column 8: Use PERCENTILE_DISC
select approx_quantiles(amount, 100)[offset(50)] as median
from `shop.orders`
