-- Where the power goes: the site's power and its parts, mean of each window, in W.
SELECT date_bin($EVERY, time) AS _time,
       avg(power_w) AS power_w, avg(it_power_w) AS it_power_w, avg(cooling_power_w) AS cooling_power_w, avg(loss_power_w) AS loss_power_w
FROM site
WHERE run = $RUN AND time >= $START AND time < $STOP
GROUP BY 1 ORDER BY 1
