// Package validate holds the public benchmarks of the twin: published measurements, and the outputs of other simulators, that
// anyone can run it against.
//
// Each benchmark reads its inputs by documented file names and columns from a data folder, so that it also runs on other data of
// the same kind, and returns figures beside their targets. The data is not part of the project: a benchmark says which public
// file to fetch from where. `halltwin validate NAME` runs one.
package validate
