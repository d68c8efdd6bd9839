-- What happened: warnings and worse, in order.
SELECT time AS _time, severity, type, subject, text
FROM event
WHERE run = $RUN AND severity IN ('warning', 'critical') AND time >= $START AND time < $STOP
ORDER BY 1
