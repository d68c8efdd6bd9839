// PUE of each window: energy of the site over energy of the machines, with the outdoor temperature in °C.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "site" and r.run == $RUN)
  |> filter(fn: (r) => r._field == "power_w" or r._field == "it_power_w" or r._field == "weather_dry_bulb_c")
  |> aggregateWindow(every: $EVERY, fn: mean, timeSrc: "_start", createEmpty: false)
  |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
  |> map(fn: (r) => ({_time: r._time, pue: r.power_w / r.it_power_w, outdoor_c: r.weather_dry_bulb_c}))
