-- features: EXCEPT DISTINCT, UNNEST
-- columns: status STRING
-- row: ["returned"]
select distinct status from `shop.orders`
except distinct
select status from unnest(['placed', 'completed', 'shipped']) as status
