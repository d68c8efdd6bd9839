-- Power of the machines of one run, mean of each window, in W: of a simulated and a measured one, for their difference.
SELECT date_bin($EVERY, time) AS _time, source, avg(it_power_w) AS it_power_w
FROM site
WHERE run = $RUN AND time >= $START AND time < $STOP
GROUP BY 1, 2 ORDER BY 1
