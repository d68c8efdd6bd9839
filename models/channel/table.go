package channel

import f "github.com/halltwin/halltwin/models/facility"

// table is the registry, sorted by name. The position of a row is its ID.
var table = number([]row{
	{"breaker.trips", "", f.Site, Counter, Sum, "Breakers that have tripped."},

	{"cdu.flow", "kg/s", f.CDU, Gauge, Sum, "Coolant that the unit pumps to its racks."},
	{"cdu.load", "", f.CDU, Gauge, Mean, "Heat taken up, as a share of the rated heat."},
	{"cdu.power", "W", f.CDU, Gauge, Sum, "Electrical power of the unit's pumps."},
	{"cdu.return_temperature", "degC", f.CDU, Gauge, Max, "Temperature of the coolant that comes back from the racks."},
	{"cdu.state", "", f.CDU, Gauge, Max, "State of the CDU, in the numbers of States: 0 works, higher is worse."},
	{"cdu.supply_temperature", "degC", f.CDU, Gauge, Max, "Temperature of the coolant that goes to the racks."},

	{"checkpoint_gpu_hours", "h", f.Site, Total, Sum, "GPU-hours in which jobs stood still for their checkpoints."},

	{"chiller.load", "", f.Chiller, Gauge, Mean, "Heat taken up, as a share of the rated capacity."},
	{"chiller.power", "W", f.Chiller, Gauge, Sum, "Electrical power of the compressor."},
	{"chiller.state", "", f.Chiller, Gauge, Max, "State of the chiller, in the numbers of States: 0 works, higher is worse."},
	{"chiller.supply_temperature", "degC", f.Chiller, Gauge, Max, "Temperature of the chilled water that leaves."},

	{"crah.airflow", "m3/s", f.CRAH, Gauge, Sum, "Air that the unit delivers."},
	{"crah.load", "", f.CRAH, Gauge, Mean, "Heat taken up, as a share of the rated heat."},
	{"crah.power", "W", f.CRAH, Gauge, Sum, "Electrical power of the fans."},
	{"crah.return_temperature", "degC", f.CRAH, Gauge, Max, "Temperature of the air that the unit takes in."},
	{"crah.state", "", f.CRAH, Gauge, Max, "State of the CRAH, in the numbers of States: 0 works, higher is worse."},
	{"crah.supply_temperature", "degC", f.CRAH, Gauge, Max, "Temperature of the air that the unit delivers."},

	{"disk.state", "", f.Disk, Gauge, Max, "State of the drive, in the numbers of States: 0 works, higher is worse."},

	{"dry_cooler.power", "W", f.DryCooler, Gauge, Sum, "Electrical power of the fans."},
	{"dry_cooler.state", "", f.DryCooler, Gauge, Max, "State of the dry-cooler, in the numbers of States: 0 works, higher is worse."},

	{"ettr", "", f.Site, Total, Mean, "Effective training time ratio: productive time over time since submission, of the training jobs, weighted by GPUs."},

	{"genset.load", "", f.Genset, Gauge, Mean, "Power delivered, as a share of the rating."},
	{"genset.power", "W", f.Genset, Gauge, Sum, "Power delivered."},
	{"genset.state", "", f.Genset, Gauge, Max, "State of the genset, in the numbers of States: 0 works, higher is worse."},

	{"goodput", "", f.Site, Total, Mean, "Useful share of gpu_hours: work done and kept, in GPU-hours at full speed, over GPU-hours held by jobs."},

	{"gpu.power", "W", f.GPU, Gauge, Sum, "Electrical power of the device."},
	{"gpu.power_limit", "W", f.GPU, Gauge, Sum, "Power limit in force."},
	{"gpu.state", "", f.GPU, Gauge, Max, "State of the device, in the numbers of States: 0 works, higher is worse."},
	{"gpu.temperature", "degC", f.GPU, Gauge, Max, "Temperature of the die."},
	{"gpu.utilisation", "", f.GPU, Gauge, Mean, "Share of time that the device is busy, 0 to 1."},

	{"gpu_hour_cost", "USD", f.Site, Total, Mean, "All that the site costs, capital and people included, for each useful GPU-hour."},

	{"gpu_hours", "h", f.Site, Total, Sum, "GPU-hours held by jobs."},

	{"gpus.busy", "", f.Site, Gauge, Sum, "GPUs held by jobs."},
	{"gpus.down", "", f.Site, Gauge, Sum, "GPUs that have failed, or whose node has failed or has no power."},
	{"gpus.free", "", f.Site, Gauge, Sum, "GPUs that are up and not held."},
	{"gpus.throttled", "", f.Site, Gauge, Sum, "Busy GPUs slowed down by heat."},

	{"hall.class", "", f.Hall, Gauge, Max, "How the inlets keep to the ASHRAE class of the machines: 0 within the recommended envelope, 1 within the allowable one, 2 outside."},
	{"hall.dew_point", "degC", f.Hall, Gauge, Max, "Dew point of the air of the hall."},
	{"hall.power", "W", f.Hall, Gauge, Sum, "Electrical power of the racks of the hall."},
	{"hall.relative_humidity", "", f.Hall, Gauge, Max, "Relative humidity of the air before the racks."},
	{"hall.supply_temperature", "degC", f.Hall, Gauge, Max, "Temperature of the air that the air handlers deliver."},

	{"in_row.airflow", "m3/s", f.InRow, Gauge, Sum, "Air that the unit delivers."},
	{"in_row.load", "", f.InRow, Gauge, Mean, "Heat taken up, as a share of the rated heat."},
	{"in_row.power", "W", f.InRow, Gauge, Sum, "Electrical power of the fans."},
	{"in_row.return_temperature", "degC", f.InRow, Gauge, Max, "Temperature of the air that the unit takes in."},
	{"in_row.state", "", f.InRow, Gauge, Max, "State of the in-row, in the numbers of States: 0 works, higher is worse."},
	{"in_row.supply_temperature", "degC", f.InRow, Gauge, Max, "Temperature of the air that the unit delivers."},

	{"job.gpus", "", f.Job, Gauge, Sum, "GPUs that the job holds."},
	{"job.power", "W", f.Job, Gauge, Sum, "Electrical power of the GPUs that the job holds."},
	{"job.progress", "", f.Job, Gauge, Mean, "Share of the job's work that is done, 0 to 1."},
	{"job.speed", "", f.Job, Gauge, Mean, "Progress per time, as a share of full speed."},
	{"job.state", "", f.Job, Gauge, Last, "0 while it waits, 1 while it runs; a job that has ended is gone."},

	{"jobs.cancelled", "", f.Site, Counter, Sum, "Jobs withdrawn before they were done."},
	{"jobs.done", "", f.Site, Counter, Sum, "Jobs that finished."},
	{"jobs.failed", "", f.Site, Counter, Sum, "Jobs that ended without finishing: killed at their wall time, or failed for good."},
	{"jobs.queued", "", f.Site, Gauge, Sum, "Jobs that wait."},
	{"jobs.requeued", "", f.Site, Counter, Sum, "Times that a job lost its nodes and went back to the queue."},
	{"jobs.running", "", f.Site, Gauge, Sum, "Jobs that run."},
	{"jobs.submitted", "", f.Site, Counter, Sum, "Jobs that have entered the queue."},

	{"lost_gpu_hours", "h", f.Site, Total, Sum, "GPU-hours held by jobs without lasting use: work lost to failures, checkpoints, restarts and slow-downs."},

	{"mean_slowdown", "", f.Site, Total, Mean, "Mean bounded slow-down of finished jobs: wait and run time over run time, run times under 10 s counted as 10 s."},

	{"mean_wait", "s", f.Site, Total, Mean, "Mean time from submission to first start, of the jobs that have started."},

	{"node.power", "W", f.Node, Gauge, Sum, "Electrical power that the node draws."},
	{"node.state", "", f.Node, Gauge, Max, "State of the node, in the numbers of States: 0 works, higher is worse."},

	{"nodes.down", "", f.Site, Gauge, Sum, "Nodes that have failed or have no power."},
	{"nodes.lost", "", f.Site, Counter, Sum, "Times that a node went down unasked: by failure, heat or loss of power."},

	{"outages", "", f.Site, Counter, Sum, "Times that a feed of the utility was lost, by itself or by the timeline."},

	{"outside_allowable_hours", "h", f.Site, Total, Sum, "Hours that halls spent outside the allowable envelope of their ASHRAE class, summed over halls."},

	{"outside_liquid_hours", "h", f.Site, Total, Sum, "Hours that halls spent with coolant outside its ASHRAE class, summed over halls."},

	{"outside_recommended_hours", "h", f.Site, Total, Sum, "Hours that halls spent outside the recommended envelope of their ASHRAE class, summed over halls."},

	{"p95_wait", "s", f.Site, Total, Max, "95th percentile of the time from submission to first start, of the jobs that have started."},

	{"pdu.load", "", f.PDU, Gauge, Max, "Power delivered, as a share of the rating; apparent power where that is a larger share."},
	{"pdu.power", "W", f.PDU, Gauge, Sum, "Power delivered."},
	{"pdu.state", "", f.PDU, Gauge, Max, "State of the PDU, in the numbers of States: 0 works, higher is worse."},

	{"pue", "", f.Site, Total, Mean, "Power usage effectiveness of the run so far: site.energy over site.it_energy."},

	{"pump.power", "W", f.Pump, Gauge, Sum, "Electrical power of the pump."},
	{"pump.state", "", f.Pump, Gauge, Max, "State of the pump, in the numbers of States: 0 works, higher is worse."},

	{"rack.airflow", "m3/s", f.Rack, Gauge, Sum, "Air that the servers draw through the rack."},
	{"rack.gpu_temperature", "degC", f.Rack, Gauge, Max, "Temperature of the hottest GPU of the rack."},
	{"rack.inlet_temperature", "degC", f.Rack, Gauge, Max, "Temperature of the air that enters the rack."},
	{"rack.liquid_temperature", "degC", f.Rack, Gauge, Max, "Temperature of the coolant that enters the rack."},
	{"rack.outlet_temperature", "degC", f.Rack, Gauge, Max, "Temperature of the air that leaves the rack."},
	{"rack.power", "W", f.Rack, Gauge, Sum, "Electrical power that the rack draws."},
	{"rack.speed", "", f.Rack, Gauge, Min, "Speed to which heat and limits hold the rack's GPUs, as a share of full speed."},
	{"rack.state", "", f.Rack, Gauge, Max, "State of the rack, in the numbers of States: 0 works, higher is worse."},

	{"rear_door.load", "", f.RearDoor, Gauge, Mean, "Heat taken up, as a share of what the door was sized for."},
	{"rear_door.power", "W", f.RearDoor, Gauge, Sum, "Electrical power of the door's fans."},
	{"rear_door.return_temperature", "degC", f.RearDoor, Gauge, Max, "Temperature of the air that leaves the servers for the door."},
	{"rear_door.state", "", f.RearDoor, Gauge, Max, "State of the rear-door, in the numbers of States: 0 works, higher is worse."},
	{"rear_door.supply_temperature", "degC", f.RearDoor, Gauge, Max, "Temperature of the air that leaves the door."},

	{"response.gpu_hours", "h", f.Site, Total, Sum, "GPU-hours that a demand response event has cost: work that limits slowed down, and GPUs that stood free while deferred jobs waited."},
	{"response.met", "", f.Site, Total, Min, "Share of the energy that a demand response event asks for which was shed; more than asked for at one moment makes up for nothing at another."},
	{"response.requested", "W", f.Site, Total, Sum, "Power that a demand response event asks the site to shed, below its baseline."},
	{"response.shed", "W", f.Site, Total, Sum, "Mean power below its baseline that the site draws during a demand response event."},

	{"restart_gpu_hours", "h", f.Site, Total, Sum, "GPU-hours in which restarted jobs made no progress yet: start and reading of the checkpoint."},

	{"row.power", "W", f.Row, Gauge, Sum, "Electrical power of the racks of the row."},

	{"sags", "", f.Site, Counter, Sum, "Times that the voltage of a feed of the utility fell."},

	{"service.load", "", f.Service, Gauge, Mean, "Requests, as a share of what the service can answer within its SLA."},
	{"service.met", "", f.Service, Gauge, Mean, "Share of the requests within the service level."},
	{"service.remote_share", "", f.Service, Gauge, Mean, "Share of the requests that the other site answers."},
	{"service.replicas", "", f.Service, Gauge, Sum, "Replicas that answer."},
	{"service.requests", "1/s", f.Service, Gauge, Sum, "Requests that arrive."},
	{"service.tokens", "1/s", f.Service, Gauge, Sum, "Tokens generated."},
	{"service.tpot_p99", "s", f.Service, Gauge, Max, "99th percentile of the time per output token."},
	{"service.ttft_p99", "s", f.Service, Gauge, Max, "99th percentile of the time to first token."},
	{"service.waiting", "", f.Service, Gauge, Sum, "Requests that wait for a replica."},

	{"site.battery_charge", "", f.Site, Gauge, Last, "Energy stored in the battery behind the meter, as a share of its capacity."},
	{"site.battery_power", "W", f.Site, Gauge, Last, "Power into the battery behind the meter; negative while it delivers."},
	{"site.carbon", "kg", f.Site, Total, Last, "Carbon dioxide equivalent of the energy drawn."},
	{"site.carbon_intensity", "kg/J", f.Site, Gauge, Last, "Carbon dioxide equivalent of a unit of energy from the grid."},
	{"site.cooling_power", "W", f.Site, Gauge, Last, "Electrical power of fans, pumps, chillers, towers and dry coolers."},
	{"site.cost", "USD", f.Site, Total, Last, "Cost of the energy drawn."},
	{"site.demand_cost", "USD", f.Site, Total, Last, "Demand charges of the tariff, for what the run has covered of its months."},
	{"site.embodied_carbon", "kg", f.Site, Total, Last, "Carbon dioxide equivalent of making what the site owns, for the part of its life that has passed."},
	{"site.energy", "J", f.Site, Total, Last, "Energy that the site took in: from utilities, generators and its own solar array, less what it gave back."},
	{"site.energy_price", "USD/J", f.Site, Gauge, Last, "Price of energy from the grid."},
	{"site.export_energy", "J", f.Site, Total, Last, "Energy given back to the grid."},
	{"site.grid_energy", "J", f.Site, Total, Last, "Energy drawn from the utilities."},
	{"site.grid_power", "W", f.Site, Gauge, Last, "Power at the meter of the utilities; negative while the site gives back."},
	{"site.it_energy", "J", f.Site, Total, Last, "Energy drawn by the racks."},
	{"site.it_power", "W", f.Site, Gauge, Last, "Electrical power of the racks."},
	{"site.loss_power", "W", f.Site, Gauge, Last, "Power lost as heat between the utility and the racks: transformers, UPS, PDUs and cables."},
	{"site.power", "W", f.Site, Gauge, Last, "Power drawn from the utilities and generators."},
	{"site.pue", "", f.Site, Gauge, Last, "Power usage effectiveness at the instant: site.power over site.it_power."},
	{"site.solar_curtailed", "W", f.Site, Gauge, Last, "Power that the solar array could give and nothing takes."},
	{"site.solar_energy", "J", f.Site, Total, Last, "Energy from the site's own solar array."},
	{"site.solar_power", "W", f.Site, Gauge, Last, "Power from the site's own solar array."},
	{"site.tank_charge", "", f.Site, Gauge, Last, "Charge of the buffer tank, of the emptier of two: 1 where all its water is at the set point, 0 where it is as warm as the return at the design load."},
	{"site.total_cost", "USD", f.Site, Total, Last, "All that the site costs: energy with its tariff, water, capital paid back over its life, people, upkeep and taxes, less credits."},
	{"site.water", "kg", f.Site, Total, Last, "Water used by towers, pads and humidifiers."},

	{"sla.met", "", f.Site, Total, Min, "Share of requests answered within the SLA, of the service that did worst."},

	{"starved_gpu_hours", "h", f.Site, Total, Sum, "GPU-hours lost by jobs that waited for their data."},

	{"storage.fill", "", f.Storage, Gauge, Max, "Data of clients, as a share of the room; 0 of a store without limit."},
	{"storage.load", "", f.Storage, Gauge, Max, "Bandwidth that clients and rebuilds take, as a share of what there is, of what is scarcest."},
	{"storage.lost", "B", f.Storage, Gauge, Sum, "Data of clients that losses have taken so far, for ever."},
	{"storage.read", "B/s", f.Storage, Gauge, Sum, "Bandwidth that clients read with."},
	{"storage.rebuild", "B/s", f.Storage, Gauge, Sum, "Bandwidth at which lost chunks are written anew."},
	{"storage.state", "", f.Storage, Gauge, Max, "State of the storage, in the numbers of States: 0 works, higher is worse; overloaded while chunks are lost and not rebuilt."},
	{"storage.used", "B", f.Storage, Gauge, Sum, "Data of clients."},
	{"storage.write", "B/s", f.Storage, Gauge, Sum, "Bandwidth that clients write with."},

	{"swing.band", "W", f.Site, Total, Max, "RMS of the power of training runs within their steps, in the band of controls.swings."},
	{"swing.flicker", "", f.Site, Total, Max, "Short-term flicker severity Pst of the power of training runs, where the grid's short-circuit power is known."},
	{"swing.ramp", "W/s", f.Site, Total, Max, "Steepest change of the power of training runs within their steps, all of them together."},
	{"swing.range", "W", f.Site, Total, Max, "Peak to trough of the power of training runs within their steps, all of them together."},
	{"swing.stop", "W", f.Site, Total, Max, "Power by which the site falls when its largest training run stops at once."},
	{"swing.wasted", "W", f.Site, Total, Sum, "Power that floors and storage take to smooth training power, on the mean of a step."},

	{"throttled_gpu_hours", "h", f.Site, Total, Sum, "GPU-hours held by jobs while the GPU was slowed down by heat."},

	{"tower.power", "W", f.Tower, Gauge, Sum, "Electrical power of the fans."},
	{"tower.state", "", f.Tower, Gauge, Max, "State of the tower, in the numbers of States: 0 works, higher is worse."},

	{"transformer.load", "", f.Transformer, Gauge, Max, "Power delivered, as a share of the rating; apparent power where that is a larger share."},
	{"transformer.power", "W", f.Transformer, Gauge, Sum, "Power delivered."},
	{"transformer.state", "", f.Transformer, Gauge, Max, "State of the transformer, in the numbers of States: 0 works, higher is worse."},

	{"ups.autonomy", "s", f.UPS, Gauge, Min, "Time for which the battery would carry the present output, whether or not it does; at most a day."},
	{"ups.charge", "", f.UPS, Gauge, Min, "Energy in the battery, as a share of what a full one holds."},
	{"ups.load", "", f.UPS, Gauge, Max, "Power delivered, as a share of the rating; apparent power where that is a larger share."},
	{"ups.power", "W", f.UPS, Gauge, Sum, "Power delivered."},
	{"ups.state", "", f.UPS, Gauge, Max, "State of the UPS, in the numbers of States: 0 works, higher is worse."},

	{"utility.load", "", f.Utility, Gauge, Max, "Power drawn from the feed, as a share of its rating."},
	{"utility.power", "W", f.Utility, Gauge, Sum, "Power drawn from the feed."},
	{"utility.power_factor", "", f.Utility, Gauge, Min, "Power over apparent power that is drawn from the feed; 1 where the scenario has no model of it."},
	{"utility.state", "", f.Utility, Gauge, Max, "State of the utility, in the numbers of States: 0 works, higher is worse."},

	{"weather.dry_bulb", "degC", f.Site, Gauge, Last, "Temperature of the outdoor air."},
	{"weather.wet_bulb", "degC", f.Site, Gauge, Last, "Wet-bulb temperature of the outdoor air."},
})

type row struct {
	name, unit string
	kind       f.Kind
	typ        Type
	reduce     Reduce
	doc        string
}

func number(rows []row) []Channel {
	channels := make([]Channel, len(rows))
	for i, r := range rows {
		channels[i] = Channel{ID(i), r.name, r.unit, r.kind, r.typ, r.reduce, r.doc}
	}
	return channels
}
