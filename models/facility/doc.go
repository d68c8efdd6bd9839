// Package facility is the map of a site: which things there are, what they are called and what contains what.
//
// A thing is a [Ref]: its [Kind] and its dense index within that kind. Indices run in order of the tree, so the
// children of one kind under one parent are a contiguous range; models keep their state in slices by that index.
// A thing's name is a stable path of zero-based parts, "hall-0/row-3/rack-7/node-2/gpu-5"; a site file may give
// halls and feeds names of their own ("utility-a"). Names are made when asked for, never stored for every GPU.
//
// A selector names many things at once and is the same everywhere (timeline, record, expect, user interface):
//
//	hall-0/row-3/rack[7]   crah[0..3]   rack[*]/gpu[0]   utility-a   gpu{model=h100-sxm}
//
// a/b means any descendant b of a; [i] and [i..j] (inclusive) count within the direct parent, so that rack[0] is
// the first rack of every row; a bare kind means all. A selector is evaluated as ranges of indices, which costs as
// many steps as there are parents, never one for every GPU; one that matches nothing is an error ([SelectorError])
// that points at the part to blame.
package facility
