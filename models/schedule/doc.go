// Package schedule decides which waiting job starts when and on which nodes.
package schedule
