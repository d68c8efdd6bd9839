-- The hottest inlet of each rack in each window, in °C.
SELECT date_bin($EVERY, time) AS _time, hall, "row", rack, max(inlet_temperature_c) AS inlet_c
FROM rack
WHERE run = $RUN AND time >= $START AND time < $STOP
GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
