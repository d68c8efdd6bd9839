// Package series keeps a run in memory in bounded space, for the charts of its report.
//
// Each channel becomes at most [Buckets] buckets over time. A bucket keeps the least, the mean and the greatest
// of the channel's reduction over its things (a sum of powers, the hottest inlet), so that a short peak of a
// year-long run stays visible, and the range over all things. Of channels named in Options.Carpets it also
// keeps every thing apart, as a table of things × time. When time runs past the last bucket, neighbours are
// merged and buckets become twice as wide; nothing depends on the wall clock.
package series
