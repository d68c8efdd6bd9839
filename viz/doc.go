// Package viz serves recordings to a browser on the same machine: the report, the log of events with causes, and
// the data to download.
//
// It listens on a loopback address only. Since any web page that the user has open can make the browser send
// requests there, a request is answered only if its Host is one of this machine's names (which defeats DNS
// rebinding) and its Origin, if it has one, is this server; a page of another site can neither read nor frame
// what is served. Pages carry a content security policy that allows no script, no connection and no style but
// their own, by hash. Only files that the recording lists are served, by exact name.
//
// What it needs of a recording is the interface [Recording]; a run directory is one.
package viz
