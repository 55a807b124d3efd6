-- features: WITH RECURSIVE
-- columns: name STRING, depth INT64
-- row: ["Ana", 0]
-- row: ["Ben", 1]
-- row: ["Dee", 1]
-- row: ["Cal", 2]
with recursive chain as (
    select id, name, 0 as depth from `shop.employees` where manager_id is null
    union all
    select e.id, e.name, c.depth + 1
    from `shop.employees` as e
    join chain as c on e.manager_id = c.id
)
select name, depth from chain
