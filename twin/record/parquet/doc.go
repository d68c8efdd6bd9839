// Package parquet records frames as Parquet files, one a level: metrics/site.parquet, metrics/rack.parquet …
//
// A file has one row an instant and thing, ordered by time and then by thing:
//
//	time      timestamp, µs, UTC
//	t_s       seconds from the start of the run
//	index     number of the thing within its level
//	name      its path: hall-0/row-3/rack-7
//	power_w … one column a channel, null where nothing was recorded at that instant or the value is unknown
//
// Each column of the first row group carries its unit, documentation and channel as key-value metadata, and the
// file repeats them as "unit:COLUMN", "doc:COLUMN", "channel:COLUMN" for readers that show only the file's.
//
// A file is whole after every row group. Each is appended together with a footer that lists all row groups so
// far, so the footer at the end of the file always describes everything before it; earlier footers stay behind
// as a few kilobytes that nothing refers to, which the format allows. When a disk fills up, the torn row group is
// cut off; after a crash in the middle of an append, [WholeSize] finds the last footer that is whole. Row groups
// end where the recording's content says (a count of rows, a tenth of the run), never by the wall clock, so that
// two runs write the same bytes.
package parquet
