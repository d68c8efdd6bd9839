// Power of the machines of one run, mean of each window, in W: of a simulated and a measured one, for their difference.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "site" and r.run == $RUN and r._field == "it_power_w")
  |> aggregateWindow(every: $EVERY, fn: mean, timeSrc: "_start", createEmpty: false)
  |> keep(columns: ["_time", "source", "_value"])
  |> rename(columns: {_value: "it_power_w"})
