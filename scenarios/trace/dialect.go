package trace

// Field is what a column of a job table tells.
type Field uint8

// The fields, by the names that Spec.Columns uses.
const (
	None Field = iota
	ID
	Name
	User
	Queue
	Submit
	Start
	End
	Run
	Limit
	GPUs
	Cores
	Memory
	Nodes
	State
	Priority
	GPUUtil
	CPUUtil
	NodeList
	TRES  // Slurm's trackable resources
	GRES  // Slurm's older list of generic resources, a node
	Share // of one GPU, where a job takes a fraction
	numFields
)

var fieldText = [numFields]string{None: "", ID: "id", Name: "name", User: "user", Queue: "queue", Submit: "submit", Start: "start",
	End: "end", Run: "run", Limit: "limit", GPUs: "gpus", Cores: "cores", Memory: "memory", Nodes: "nodes", State: "state",
	Priority: "priority", GPUUtil: "gpu_util", CPUUtil: "cpu_util", NodeList: "node_list", TRES: "tres", GRES: "gres", Share: "gpu_share"}

func (f Field) String() string { return fieldText[f] }

func fieldNamed(name string) (Field, bool) {
	for f := None + 1; f < numFields; f++ {
		if fieldText[f] == name {
			return f, true
		}
	}
	return None, false
}

func fieldNames() []string { return fieldText[1:] }

// unitFactors are the units that a column may be in; the SI value is the number times the factor.
var unitFactors = map[string]float64{"": 1, "s": 1, "ms": 1e-3, "us": 1e-6, "min": 60, "h": 3600, "d": 86400, "B": 1, "kB": 1e3, "MB": 1e6,
	"GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "percent": 0.01, "milli": 1e-3, "slurm": 0}

// column says which headers hold a field, in order of preference, and in what unit. The unit "slurm" is Slurm's own
// notation of a span or a size.
type column struct {
	field Field
	names []string
	unit  string
}

// dialect is a kind of job table.
type dialect struct {
	name    string
	marks   []string // headers that tell it from all dialects below it
	columns []column
	clock   bool // numbers in the time columns are unix seconds
	steps   bool // rows whose id has a point are steps of a job
}

func is(field Field, names ...string) column { return column{field: field, names: names} }

func in(unit string, field Field, names ...string) column {
	return column{field: field, names: names, unit: unit}
}

// dialects are the known tables, the most particular first. The headers are those of the published files.
var dialects = []dialect{
	{name: "sacct", marks: []string{"JobID", "State"}, clock: true, steps: true, columns: []column{
		is(ID, "JobID", "JobIDRaw"), is(Name, "JobName"), is(User, "User", "UID", "Account"), is(Queue, "Partition", "QOS"),
		is(Submit, "Submit"), is(Start, "Start"), is(End, "End"),
		is(Run, "ElapsedRaw"), in("slurm", Run, "Elapsed"),
		in("min", Limit, "TimelimitRaw"), in("slurm", Limit, "Timelimit"),
		is(TRES, "AllocTRES"), is(TRES, "ReqTRES"), is(GRES, "AllocGRES"), is(GRES, "ReqGRES"),
		is(Cores, "AllocCPUS", "NCPUS", "ReqCPUS"), is(Nodes, "AllocNodes", "NNodes", "ReqNodes"), in("slurm", Memory, "ReqMem"),
		is(State, "State"), is(Priority, "Priority")}},
	{name: "slurmdb", marks: []string{"id_job", "time_submit"}, clock: true, columns: []column{
		is(ID, "id_job"), is(Name, "job_name"), is(User, "id_user"), is(Queue, "partition"), is(Submit, "time_submit"),
		is(Start, "time_start"), is(End, "time_end"), in("min", Limit, "timelimit"), is(TRES, "tres_alloc"), is(TRES, "tres_req"),
		is(Cores, "cpus_req"), is(Nodes, "nodes_alloc"), is(State, "state"), is(Priority, "priority")}},
	{name: "acme", marks: []string{"mem_per_pod_GB", "gpu_num"}, clock: true, columns: []column{
		is(ID, "job_id"), is(Name, "type"), is(User, "user"), is(Queue, "type"), is(Submit, "submit_time"), is(Start, "start_time"),
		is(End, "end_time"), is(Run, "duration"), is(GPUs, "gpu_num"), is(Cores, "cpu_num"), is(Nodes, "node_num"), is(State, "state")}},
	{name: "helios", marks: []string{"job_id", "vc", "gpu_num"}, clock: true, columns: []column{
		is(ID, "job_id"), is(Name, "jobname"), is(User, "user"), is(Queue, "vc"), is(Submit, "submit_time"), is(Start, "start_time"),
		is(End, "end_time"), is(Run, "duration"), is(GPUs, "gpu_num"), is(Cores, "cpu_num"), is(Nodes, "node_num"), is(State, "state")}},
	{name: "openb", marks: []string{"cpu_milli", "num_gpu", "creation_time"}, columns: []column{
		is(ID, "name"), is(Queue, "qos"), is(Submit, "creation_time"), is(Start, "scheduled_time"), is(End, "deletion_time"),
		is(GPUs, "num_gpu"), in("milli", Share, "gpu_milli"), in("milli", Cores, "cpu_milli"), in("MiB", Memory, "memory_mib"), is(State, "pod_phase")}},
	{name: "eagle", marks: []string{"wallclock_req", "processors_req"}, clock: true, columns: []column{
		is(ID, "job_id"), is(Name, "name"), is(User, "user"), is(Queue, "partition"), is(Submit, "submit_time"), is(Start, "start_time"),
		is(End, "end_time"), is(Run, "run_time"), is(Limit, "wallclock_req"), is(Nodes, "nodes_req"), is(Cores, "processors_req"),
		is(GPUs, "gpus_req"), is(State, "state")}},
	{name: "tiresias", marks: []string{"job_id", "num_gpu", "iteration_time"}, columns: []column{ // Muri counts ms
		is(ID, "job_id"), is(Name, "model_name"), in("ms", Submit, "submit_time"), in("ms", Run, "duration"), is(GPUs, "num_gpu"), is(Priority, "priority")}},
	{name: "tiresias", marks: []string{"job_id", "num_gpu", "iterations"}, columns: []column{
		is(ID, "job_id"), is(Name, "model_name"), is(Submit, "submit_time"), is(Run, "duration"), is(GPUs, "num_gpu")}},
	{name: "philly", marks: []string{"timestamp", "num_gpus", "cluster"}, clock: true, columns: []column{
		is(Submit, "timestamp"), is(Run, "duration"), is(GPUs, "num_gpus"), is(Queue, "cluster")}},
	{name: "csv", marks: []string{"submission_time", "cpu_count", "mem_capacity"}, columns: []column{ // OpenDC tasks as text
		is(ID, "id"), in("ms", Submit, "submission_time"), in("ms", Run, "duration"), is(Cores, "cpu_count"), in("MB", Memory, "mem_capacity")}},
	{name: "csv", columns: []column{
		is(ID, "id", "job_id", "jobid", "job"), is(Name, "name", "job_name", "jobname"), is(User, "user", "user_id", "account"),
		is(Queue, "queue", "partition", "vc", "cluster"), is(Submit, "submit", "submit_s", "submit_time", "submitted", "arrival", "timestamp", "time"),
		is(Start, "start", "start_s", "start_time"), is(End, "end", "end_s", "end_time"),
		is(Run, "run", "run_s", "duration", "duration_s", "runtime", "run_time"), is(Limit, "limit", "limit_s", "walltime", "timelimit", "time_limit"),
		is(GPUs, "gpus", "num_gpus", "num_gpu", "gpu_num", "ngpus"), is(Cores, "cores", "cpus", "num_cpus", "cpu_num", "cpu_count", "procs"),
		is(Memory, "memory", "memory_b", "mem"), is(Nodes, "nodes", "num_nodes", "node_num", "nnodes"), is(State, "state", "status"),
		is(Priority, "priority"), is(GPUUtil, "gpu_util"), is(CPUUtil, "cpu_util"), is(NodeList, "node_list", "node_ids")}},
}

// slurmStates are the numbers of Slurm's job table (enum job_states of slurm.h), low byte.
var slurmStates = [...]string{"pending", "running", "suspended", "completed", "cancelled", "failed", "timeout", "node_fail",
	"preempted", "boot_fail", "deadline", "out_of_memory"}
