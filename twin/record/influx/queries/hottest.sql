-- The ten racks with the hottest inlets of the run, in °C.
SELECT hall, "row", rack, max(inlet_temperature_c) AS inlet_c
FROM rack
WHERE run = $RUN AND time >= $START AND time < $STOP
GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 10
