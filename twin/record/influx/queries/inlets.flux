// The hottest inlet of each rack in each window, in °C.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "rack" and r.run == $RUN and r._field == "inlet_temperature_c")
  |> aggregateWindow(every: $EVERY, fn: max, timeSrc: "_start", createEmpty: false)
  |> group()
  |> map(fn: (r) => ({_time: r._time, hall: r.hall, row: r.row, rack: r.rack, inlet_c: r._value}))
  |> sort(columns: ["_time", "hall", "row", "rack"])
