// Package storage is the storage of a site: drives in the nodes that compute, distributed storage on nodes of its own, and
// object stores outside.
//
// # Bandwidth
//
// A distributed [Pool] has drives that share their time between reading and writing, network cards with a direction each, and
// limits that may be stated. A B/s of clients takes, with k of k+m chunks sufficing to read (k = 1 and m = r-1 for r copies) and
// overhead o = (k+m)/k,
//
//	reading  drives (1 + f(k-1))/R   out of the nodes 1 + f(k-1)   into them f(k-1)
//	writing  drives o/W              out o-1                       into o
//
// where R and W are what all drives that work can do and f is the share of chunks that are lost and not rebuilt: those are
// decoded from k others. [Room] is that as links; the streams of clients share them max-min fairly (package fabric), each node
// of a client weighing alike. Encryption takes a stated share of drives, network and processors.
//
// # Loss and rebuild
//
// Chunks of a stripe lie on k+m nodes, any of them. A node that is lost comes back with its data or, after a delay, is rebuilt
// on the others; a drive is rebuilt at once, and its successor begins empty. Rebuilds come one after another, as fast as the
// stated share s of drives and network allows, for chunks need k read and one written:
//
//	rate = s / max(k/R + 1/W, k/N)
//
// While more nodes are away than m, nothing is read or written. When drives of more than m nodes are gone at once, the share
// of stripes that had a chunk on more than m of them is lost ([Unreadable]). [MTTDL] is the mean time until then, exact for a
// Markov chain, and [LossProbability] what it means for a span of time.
//
// # Capacity
//
// It fills with what others write and with checkpoints, of which each job keeps its last ones. People are warned at a level; at
// the end a checkpoint waits for room or is given up; purges make room, after a while.
//
// # State
//
// By pool: nodes and drives that are down, losses with the progress of their rebuild, bytes used, rates now, totals.
//
// # Left out
//
// Metadata and small files, caches, queues inside servers, uneven filling and rebalancing, latent sector errors, losses within
// a node that leave it up beside its drives.
//
// # Sources
//
// Gibson, Redundant Disk Arrays, MIT Press 1992 (mean time to data loss); Weil et al., OSDI 2006, and the Ceph documentation
// (distributed placement, delays and levels); Huang et al., USENIX ATC 2012 (degraded reads under erasure codes).
package storage
