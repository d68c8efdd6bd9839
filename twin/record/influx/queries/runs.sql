-- The runs in the bucket, with their mean power in W.
SELECT run, source, site, avg(power_w) AS power_w
FROM site
WHERE time >= $START AND time < $STOP
GROUP BY 1, 2, 3 ORDER BY 1
