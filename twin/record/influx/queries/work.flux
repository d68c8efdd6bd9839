// What the cluster does: jobs that run and wait, GPUs busy, free, down and throttled, mean of each window.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "site" and r.run == $RUN)
  |> filter(fn: (r) => r._field == "jobs_running" or r._field == "jobs_queued" or r._field == "gpus_busy" or r._field == "gpus_free" or r._field == "gpus_down" or r._field == "gpus_throttled")
  |> aggregateWindow(every: $EVERY, fn: mean, timeSrc: "_start", createEmpty: false)
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> keep(columns: ["_time", "jobs_running", "jobs_queued", "gpus_busy", "gpus_free", "gpus_down", "gpus_throttled"])
