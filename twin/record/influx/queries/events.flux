// What happened: warnings and worse, in order.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "event" and r.run == $RUN and (r.severity == "warning" or r.severity == "critical"))
  |> filter(fn: (r) => r._field == "subject" or r._field == "text")
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> group()
  |> keep(columns: ["_time", "severity", "type", "subject", "text"])
  |> sort(columns: ["_time"])
