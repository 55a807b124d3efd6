-- features: WITH RECURSIVE
-- columns: total INT64
-- row: [55]
with recursive numbers as (
    select 1 as n
    union all
    select n + 1 from numbers where n < 10
)
select sum(n) as total from numbers
