// Package trace reads what others have logged: jobs into a [workload.Set], inference requests into
// [workload.Requests], node faults into [Fault] records, and weather, carbon and price files into [Series].
//
// [Read] is the one entry for jobs. It opens the file of a [Spec], sees through gzip, finds the format where the spec
// says auto, and shapes what it read: time window, time scale, load scale, gangs of equal parts, order of submission.
// [ReadRequests], [ReadFaults] and [ReadSeries] do the same for the other kinds.
//
// # Job formats
//
//   - swf: the Standard Workload Format of the Parallel Workloads Archive (version 2.2, 18 columns).
//   - opendc: tasks.parquet with fragments.parquet, read column page by column page.
//   - raps: job tables of ExaDigiT/RAPS runs (jobs.csv, and traces.csv where utilisation varies).
//   - sacct: Slurm accounting, sacct --parsable2 (job steps are passed over).
//   - slurmdb: rows of Slurm's own job table (id_job, time_submit, tres_req "1=20,2=170000,4=1,1001=2").
//   - philly: Microsoft Philly, cluster_job_log (JSON) and the CSV of the Pollux and Sia artifacts.
//   - helios: SenseTime Helios cluster_log.csv. acme: Shanghai AI Lab trace_seren.csv and trace_kalos.csv.
//   - openb: Alibaba cluster-trace-gpu-v2023 pods. eagle: NREL Eagle. tiresias: Tiresias and Muri job lists.
//   - csv: any table with a header; Columns maps our names to its headers, Units gives theirs.
//
// # Time
//
// A format with time stamps has its zero at its first submission, one with counted seconds at its own zero (a job
// that was already queued then has a negative time). Window moves the zero to its beginning. Time stamps without an
// offset are taken at Zone, UTC unless said.
//
// # Trust
//
// Files come from anywhere. Readers stream, hold no line longer than 4 MiB, and check declared sizes before they
// allocate. A malformed row is an [Error] that names file, line and column; SkipBad passes over a stated number of
// them and says how many it met. Truncated gzip and Parquet files are refused. A panic inside the Parquet library is
// caught and returned as an error.
package trace
