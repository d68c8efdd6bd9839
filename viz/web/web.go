// Package web holds the built front end. Vite builds it into the folder dist, which is not in the repository: without
// Node the binary still builds, and serves a plain page.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Pages returns the files of the front end, none of them where it was not built.
func Pages() fs.FS {
	pages, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the name is a valid one
	}
	return pages
}
