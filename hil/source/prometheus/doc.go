// Package prometheus reads what a Prometheus server has scraped of a site: GPUs by dcgm-exporter or `halltwin agent`, nodes by
// ipmi_exporter.
//
// Each question is one instant query for a range vector, {__name__=~"…"}[window], because its answer has the raw samples with
// their own times; an instant vector would give each the time of the question, and a value that has been gone for minutes would
// look fresh. The window reaches back to the last good answer, so that what was scraped while nobody could ask is not lost; what
// was handed over already is not again. A window reaches back an hour at most.
//
// The host of a series is its label Hostname, else node, kubernetes_node, else instance without the port. Values are brought
// to SI with the scales of package device; only series of the quantities that a twin compares are asked for.
//
// Prometheus HTTP API v1, /api/v1/query; dcgm-exporter default counters; ipmi_exporter README.
package prometheus
