// Package telemetry reads what monitoring wrote down into one type of table, whatever program wrote it.
//
// A [Log] holds one [Series] a device, each with its times and a column for each [Quantity], in SI units (power W, temperature
// °C, shares of one, bytes/s, Hz); what a sample lacks is NaN. [Read] knows the formats by their contents:
//
//   - CSV with a header, one row a sample of one device: nvidia-smi --query-gpu (power.draw [W], "71.25 W", [N/A]), exports of
//     DCGM (power_w, sm_active, tensor_active, dram_active …), baseboard logs (sys_power_w, gpu0_bmc_temp_c …)
//   - the Prometheus text exposition of dcgm-exporter
//   - MLPerf power logs: run,t_s,node_0_w,node_1_w …, and the text of SPEC PTDaemon
//   - Redfish Power, Thermal and MetricReport documents in JSON, one after the other
//   - ipmitool: dcmi power reading, sensor and sdr tables
//
// # Hostile input
//
// Monitoring lies. Before anything is concluded from it, a log is cleaned, and each thing done is a [Finding] with a count and
// the first line: values that cannot be (NaN, 214748364.7, a utilisation of 300 %) become missing; a sample whose time stands
// out of line is dropped; a clock that was set back is put right; a second sample of one instant is dropped, as is what comes
// faster than 1 kHz; two devices of one UUID stay two devices; devices and rows are bounded. What is removed leaves the rest as
// if it had never been there.
//
// # Users
//
// [Pseudonyms] replaces user names by keyed hashes (HMAC-SHA-256): the same user has the same pseudonym under the same key,
// and nobody without the key can test a name.
package telemetry
