-- What the cluster does: jobs that run and wait, GPUs busy, free, down and throttled, mean of each window.
SELECT date_bin($EVERY, time) AS _time, avg(jobs_running) AS jobs_running, avg(jobs_queued) AS jobs_queued,
       avg(gpus_busy) AS gpus_busy, avg(gpus_free) AS gpus_free, avg(gpus_down) AS gpus_down, avg(gpus_throttled) AS gpus_throttled
FROM site
WHERE run = $RUN AND time >= $START AND time < $STOP
GROUP BY 1 ORDER BY 1
