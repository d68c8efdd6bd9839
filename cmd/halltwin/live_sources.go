package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/halltwin/halltwin/hil/source/kubernetes"
	"github.com/halltwin/halltwin/hil/source/modbus"
	"github.com/halltwin/halltwin/hil/source/mqtt"
	"github.com/halltwin/halltwin/hil/source/opcua"
	"github.com/halltwin/halltwin/hil/source/points"
	"github.com/halltwin/halltwin/hil/source/redfish"
	"github.com/halltwin/halltwin/hil/source/snmp"
	"github.com/halltwin/halltwin/twin/live"
)

// otherSources are those of clusters and facilities, as the help text of live lists them.
const otherSources = "" +
	"  kubernetes        pods with GPUs and nodes, by $KUBECONFIG, ~/.kube/config or the service account of this pod; =FILE another file,\n" +
	"                    =URL an API server, with the token in HALLTWIN_KUBERNETES_TOKEN\n" +
	"  redfish=FILE      controllers of nodes, PDUs and cooling; --redfish-user, HALLTWIN_REDFISH_PASSWORD\n" +
	"  modbus=FILE       registers over TCP\n" +
	"  snmp=FILE         2c with HALLTWIN_SNMP_COMMUNITY, or 3 with HALLTWIN_SNMP_USER, _AUTH and _PRIVACY (secrets), _AUTH_BY (SHA-256)\n" +
	"  opcua=FILE        HALLTWIN_OPCUA_USER and _PASSWORD, _CERTIFICATE and _KEY (PEM files)\n" +
	"  mqtt=FILE         HALLTWIN_MQTT_USER and _PASSWORD, _CLIENT (name of the session)\n\n" +
	"FILE maps points: a list of {server: ADDRESS, points: [{address: \"holding:100\", of: crah-0, channel: crah.supply_temperature,\n" +
	"unit: degC, scale: 0.1}, …]}. What of it cannot be read is told, and costs the rest nothing.\n\n"

// others returns the sources of a kind that is none of live's own; known says whether it is one of these. A map of points has one
// for each server.
func (f *liveFlags) others(p *process, kind, where string) (all []live.Source, scheduled, known bool, err error) {
	if kind == "kubernetes" {
		s, err := f.kubernetes(p, where)
		if err != nil {
			return nil, true, true, usage("--source kubernetes: %w", err)
		}
		return []live.Source{s}, true, true, nil
	}
	of := func(name string) string { return p.getenv("HALLTWIN_" + strings.ToUpper(kind) + "_" + name) }
	var open func(m *points.Map) (live.Source, error)
	switch kind {
	case "redfish":
		open = func(m *points.Map) (live.Source, error) {
			return redfish.New(m, redfish.Login{User: f.user, Password: of("PASSWORD")})
		}
	case "modbus":
		open = func(m *points.Map) (live.Source, error) { return modbus.New(m) }
	case "snmp":
		open = func(m *points.Map) (live.Source, error) {
			return snmp.New(m, snmp.Login{Community: of("COMMUNITY"), User: of("USER"), Auth: of("AUTH"), AuthBy: of("AUTH_BY"), Privacy: of("PRIVACY")})
		}
	case "opcua":
		open = func(m *points.Map) (live.Source, error) {
			return opcua.New(m, opcua.Login{User: of("USER"), Password: of("PASSWORD"), Certificate: of("CERTIFICATE"), Key: of("KEY")})
		}
	case "mqtt":
		open = func(m *points.Map) (live.Source, error) {
			return mqtt.New(m, mqtt.Login{User: of("USER"), Password: of("PASSWORD"), Client: of("CLIENT")})
		}
	default:
		return nil, false, false, nil
	}
	if where == "" {
		return nil, false, true, usage("--source %s=FILE: name a file that maps its points; `halltwin help live` shows one", kind)
	}
	maps, err := points.Load(where)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, true, &exitError{exitIO, err}
	}
	var failed []error
	for i := range maps {
		s, bad := open(&maps[i])
		if bad != nil {
			failed = append(failed, fmt.Errorf("%s: %w", where, bad))
		}
		all = append(all, s)
	}
	if err := errors.Join(append(failed, err)...); err != nil {
		return nil, false, true, usage("--source %s: %w", kind, err)
	}
	return all, false, true, nil
}

// kubernetes finds out which cluster is meant.
func (f *liveFlags) kubernetes(p *process, where string) (*kubernetes.Source, error) {
	if strings.Contains(where, "://") {
		return kubernetes.New(kubernetes.Config{Server: where, Token: p.getenv("HALLTWIN_KUBERNETES_TOKEN")})
	}
	if where == "" {
		c, in, err := kubernetes.InPod(p.getenv)
		if err != nil {
			return nil, err
		}
		if in {
			return kubernetes.New(c)
		}
		where, _, _ = strings.Cut(p.getenv("KUBECONFIG"), string(os.PathListSeparator))
	}
	if where == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, err
		}
		where = filepath.Join(home, ".kube", "config")
	}
	c, err := kubernetes.Load(where)
	if err != nil {
		return nil, err
	}
	return kubernetes.New(c)
}
