-- features: TIME, FORMAT_TIME
-- columns: trip_id INT64, clock STRING
-- row: [1, "07:30"]
-- row: [2, "08:15"]
SELECT trip_id, FORMAT_TIME('%H:%M', TIME(started_at)) AS clock
FROM `public.trips`
WHERE TIME(started_at) BETWEEN '07:00:00' AND '08:30:00' AND trip_id < 4
