// Package validate holds the fits of hardware against public measurements: power and temperature of GPUs, throughput under
// power limits, power of nodes, and the meters themselves.
//
// Each benchmark reads the files of a folder by their documented columns, whatever they are named, so that it runs on other
// data of the same kind; it fits on a part and scores on what the fit did not see, with targets. A result carries figures,
// lines and plots; [Result.Report] is the report, one file in HTML.
package validate
