-- PUE of each window: energy of the site over energy of the machines, with the outdoor temperature in °C.
SELECT date_bin($EVERY, time) AS _time, avg(power_w) / avg(it_power_w) AS pue, avg(weather_dry_bulb_c) AS outdoor_c
FROM site
WHERE run = $RUN AND time >= $START AND time < $STOP
GROUP BY 1 ORDER BY 1
