package plant

// Plant describes a site to those who draw it. Ratings are W, temperatures °C, null where there is none.
//
//	{"redundancy":"2N","sides":["A","B"],
//	 "power":{"nodes":[{"id":0,"kind":"utility","index":0,"name":"utility-a","label":"utility","rating_w":2e6},…],
//	          "edges":[{"from":0,"to":1,"side":0}, …]},
//	 "feeds":{"a":[[8,0],[8,1]],"b":[[8,2],[8,3]]},
//	 "cooling":{"nodes":[…],"edges":[{"from":9,"to":12,"medium":"chilled-water"}]},
//	 "serves":{"cdu":[[16,0]],"hall":[[16,0]]},"racks":[{"model":"dgx-h100","racks":16,"rating_w":40000,"gpu_target":…}]}
type Plant struct {
	Redundancy string   `json:"redundancy,omitempty"` // N, N+1, 2N, 3N/2, none
	Sides      []string `json:"sides"`                // names of the lineups

	Power   Graph    `json:"power"`
	Feeds   Feeds    `json:"feeds"`
	Cooling Graph    `json:"cooling"`
	CDU     [][2]int `json:"cdu"` // by rack, packed: [how many racks, CDU that serves them or -1]
	Racks   []Rack   `json:"racks"`
	Notes   []string `json:"notes,omitempty"`
}

// Graph is a directed graph: power flows along its edges, and in the cooling heat does.
type Graph struct {
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
}

// Node is a piece of equipment, or where several meet.
type Node struct {
	ID     int     `json:"id"`   // its position in Nodes
	Kind   string  `json:"kind"` // a kind of the site, or "switch" (ATS), "bus", "racks", "mechanical", "loop", "room", "outdoors"
	Index  int32   `json:"index"`
	Name   string  `json:"name"` // of a thing of the site: as in the site; else a label
	Side   int     `json:"side"` // index into Sides, -1 where it is of several
	Rating float64 `json:"rating_w,omitempty"`
	Model  string  `json:"model,omitempty"`
	Count  int     `json:"count,omitempty"` // of "racks": how many it stands for
}

// Edge leads from one node to another.
type Edge struct {
	From   int    `json:"from"`
	To     int    `json:"to"`
	Medium string `json:"medium,omitempty"` // of cooling: air, coolant, water, condenser-water, outdoor-air
}

// Feeds says by rack, packed as [how many racks, PDU or -1], what its cords hang on.
type Feeds struct {
	A [][2]int `json:"a"`
	B [][2]int `json:"b"`
}

// Rack is a type of rack.
type Rack struct {
	Model       string  `json:"model"`
	Racks       int     `json:"racks"`
	Nodes       int     `json:"nodes"` // in one
	GPUs        int     `json:"gpus"`  // in one node
	Rating      float64 `json:"rating_w"`
	Liquid      float64 `json:"liquid"` // share of the heat that leaves by coolant
	GPUPower    float64 `json:"gpu_power_w"`
	GPUTarget   float64 `json:"gpu_target_c"` // die temperature that it is throttled to keep
	GPUShutdown float64 `json:"gpu_shutdown_c"`
}
