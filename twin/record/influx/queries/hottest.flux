// The ten racks with the hottest inlets of the run, in °C.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "rack" and r.run == $RUN and r._field == "inlet_temperature_c")
  |> max()
  |> group()
  |> map(fn: (r) => ({hall: r.hall, row: r.row, rack: r.rack, inlet_c: r._value}))
  |> sort(columns: ["inlet_c"], desc: true)
  |> limit(n: 10)
