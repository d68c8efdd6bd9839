// Package notebooks holds Jupyter notebooks about recorded runs: a quick look, PUE and energy, what a failure costs,
// variants and sweeps, and calibration residuals. They ask an InfluxDB server in Flux, or the run's Parquet files in the SQL
// of InfluxDB 3; halltwin.py does the asking and sets how charts look. README.md says how to work with them.
//
// They are kept without outputs, so that a change of one is a readable diff. Its test executes all of them in a fresh
// environment of the versions in requirements.txt, against a real server with real runs, and compares what Flux and SQL
// answer; `make notebooks` does the same and keeps the executed notebooks and their charts in runs/notebooks.
package notebooks
