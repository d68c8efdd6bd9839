// Where the power goes: the site's power and its parts, mean of each window, in W.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "site" and r.run == $RUN)
  |> filter(fn: (r) => r._field == "power_w" or r._field == "it_power_w" or r._field == "cooling_power_w" or r._field == "loss_power_w")
  |> aggregateWindow(every: $EVERY, fn: mean, timeSrc: "_start", createEmpty: false)
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> keep(columns: ["_time", "power_w", "it_power_w", "cooling_power_w", "loss_power_w"])
