package storage

import (
	"fmt"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// Spec is one storage system of a site.
type Spec struct {
	Name   string `yaml:"name" doc:"name, as jobs, selectors and channels say it" required:"true"`
	About  string `yaml:"about" doc:"what it is and where its figures come from"`
	Kind   string `yaml:"kind" doc:"local: drives in the nodes that compute, for themselves; distributed: served by nodes of its own; object: a store outside the site" enum:"local,distributed,object" default:"distributed"`
	On     string `yaml:"on" doc:"selector of the nodes that serve a distributed storage: they take no jobs, draw power, need cooling and fail as nodes do"`
	Leaves string `yaml:"network" doc:"fabric: its traffic shares the ways out of leaves with what jobs exchange; own: a network of its own" enum:"fabric,own" default:"fabric"`

	Disks      DisksSpec      `yaml:"disks" doc:"drives of a node"`
	Protection ProtectionSpec `yaml:"protection" doc:"how a distributed storage survives losses"`
	Rebuild    RebuildSpec    `yaml:"rebuild" doc:"how it makes up for a loss"`
	Encryption EncryptionSpec `yaml:"encryption" doc:"what encryption costs; nothing where it is left out"`
	Processors unit.Ratio     `yaml:"processors" doc:"utilisation of the processors of its nodes at full bandwidth; it follows the load" default:"60 %" source:"typical" range:"[0,1]"`

	Read  *unit.Bandwidth `yaml:"read" doc:"bandwidth that it never passes in reading, for all clients; an object store must state it" range:"(0,)"`
	Write *unit.Bandwidth `yaml:"write" doc:"the same in writing" range:"(0,)"`

	Size *unit.Data `yaml:"size" doc:"room for data of clients; absent: that of the drives less protection, and without limit of an object store" range:"(0,)"`
	Fill FillSpec   `yaml:"fill" doc:"how it fills up, and what happens when it is full"`
}

// DisksSpec is the drives of one node.
type DisksSpec struct {
	Count    int            `yaml:"count" doc:"drives of a node" default:"12" source:"typical" range:"[1,1000]"`
	Capacity unit.Data      `yaml:"capacity" doc:"capacity of one" default:"15.36 TB" source:"typical of NVMe drives for servers" range:"(0,)"`
	Read     unit.Bandwidth `yaml:"read" doc:"bandwidth of one in reading" default:"6.5 GB/s" source:"typical of PCIe 4 NVMe drives" range:"(0,)"`
	Write    unit.Bandwidth `yaml:"write" doc:"bandwidth of one in writing" default:"3.5 GB/s" source:"typical of PCIe 4 NVMe drives" range:"(0,)"`
}

// ProtectionSpec is replication or erasure coding, over distinct nodes.
type ProtectionSpec struct {
	Replicas int `yaml:"replicas" doc:"copies of everything; 0: erasure coding" default:"0" range:"[0,10]"`
	Data     int `yaml:"data" doc:"of a stripe of an erasure code: chunks that suffice to read it" default:"8" source:"typical" range:"[1,64]"`
	Parity   int `yaml:"parity" doc:"of a stripe: chunks that may be lost" default:"2" source:"typical" range:"[0,16]"`
}

// RebuildSpec is how a loss is made up for.
type RebuildSpec struct {
	Share unit.Ratio    `yaml:"share" doc:"share of the drives' time, and of the network, that a rebuild takes from clients" default:"10 %" source:"typical: recovery is throttled so that clients hardly feel it" range:"(0,1]"`
	After unit.Duration `yaml:"after" doc:"time that a lost node has to come back with its data before it is rebuilt elsewhere; lost drives are rebuilt at once" default:"10 min" source:"Ceph, mon_osd_down_out_interval" range:"[0,)"`
}

// EncryptionSpec is what encryption costs.
type EncryptionSpec struct {
	AtRest     unit.Ratio `yaml:"at_rest" doc:"share of the drives' bandwidth that encryption at rest takes" default:"0" source:"none: drives that encrypt themselves" range:"[0,0.95]"`
	InFlight   unit.Ratio `yaml:"in_flight" doc:"share of the network bandwidth, of storage nodes and clients, that encryption in flight takes" default:"0" source:"none" range:"[0,0.95]"`
	Processors unit.Ratio `yaml:"processors" doc:"utilisation that it adds to the processors of storage nodes at full bandwidth" default:"0" source:"none" range:"[0,1]"`
}

// FillSpec is how storage fills up.
type FillSpec struct {
	Used  unit.Ratio `yaml:"used" doc:"share that is taken at the start of the run" default:"40 %" source:"typical" range:"[0,1]"`
	Daily unit.Data  `yaml:"daily" doc:"what others add a day, beside the checkpoints of jobs" default:"0 B" range:"[0,)"`
	Warn  unit.Ratio `yaml:"warn" doc:"share from which people are warned" default:"85 %" source:"typical: Ceph warns of OSDs at 85 %" range:"(0,1]"`
	Full  string     `yaml:"full" doc:"what becomes of a checkpoint for which there is no room: wait until there is, or skip it" enum:"wait,skip" default:"skip"`
	Purge *PurgeSpec `yaml:"purge" doc:"people who delete what is not needed once it is full; absent: nobody does"`
}

// PurgeSpec is people who delete data.
type PurgeSpec struct {
	After unit.Duration `yaml:"after" doc:"time from the warning until they have done it" default:"4 h" source:"typical" range:"[0,)"`
	To    unit.Ratio    `yaml:"to" doc:"share that stays; checkpoints of jobs are not touched" default:"60 %" source:"typical" range:"[0,1)"`
}

// Validate checks what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	if err := facility.CheckName(s.Name); err != nil {
		fail("name", err.Error())
	}
	switch s.Kind {
	case "distributed":
		if s.On == "" {
			fail("on", "say which nodes serve it, such as on: row-3; they take no jobs")
		}
	case "object":
		if s.Read == nil || s.Write == nil {
			fail("read", "an object store is known by its bandwidth: write read and write")
		}
		fallthrough
	case "local":
		if s.On != "" {
			fail("on", fmt.Sprintf("only a distributed storage is served by nodes of the site: leave on out of kind: %s", s.Kind))
		}
	}
}

// Validate checks what tags cannot say.
func (s *FillSpec) Validate(fail func(path, msg string)) {
	if s.Purge != nil && s.Purge.To >= s.Warn {
		fail("purge.to", fmt.Sprintf("deleting down to %s would leave it above warn: write less than %s", s.Purge.To, s.Warn))
	}
}
