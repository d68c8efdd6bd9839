// The runs in the bucket, with their mean power in W.
from(bucket: $BUCKET)
  |> range(start: $START, stop: $STOP)
  |> filter(fn: (r) => r._measurement == "site" and r._field == "power_w")
  |> group(columns: ["run", "source", "site"])
  |> mean()
  |> group()
  |> rename(columns: {_value: "power_w"})
