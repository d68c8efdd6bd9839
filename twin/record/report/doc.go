// Package report writes a run as one HTML file for people: the verdict, the expectations, the figures, charts,
// the timeline of events, the inputs that matter, and the command that makes it again.
//
// The file is self-contained: no script, font, image or style is fetched from anywhere, so it opens offline, can
// be mailed, and still reads the same in ten years. It stays below a megabyte however long the run was. Charts
// are drawn as SVG with a text alternative and a table of their values behind each; colours follow the reader's
// light or dark setting and turn to ink on paper.
package report
