package prometheus

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/agent"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/source/prometheus/promtest"
	"github.com/halltwin/halltwin/models/reading"
)

const sample = `{"status":"success","data":{"resultType":"matrix","result":[
{"metric":{"__name__":"DCGM_FI_DEV_GPU_UTIL","gpu":"3","UUID":"GPU-a","Hostname":"n1","instance":"10.0.0.1:9400","modelName":"NVIDIA H100"},"values":[[1000.5,"87"],[1001.5,"NaN"]]},
{"metric":{"__name__":"DCGM_FI_DEV_POWER_USAGE","gpu":"3","UUID":"GPU-a","instance":"10.0.0.1:9400"},"values":[[1000,"612.5"]]},
{"metric":{"__name__":"DCGM_FI_DEV_POWER_USAGE","gpu":"3","GPU_I_ID":"1","UUID":"GPU-a","instance":"10.0.0.1:9400"},"values":[[1000,"612.5"]]},
{"metric":{"__name__":"halltwin_utilisation","device":"cpu-0","Hostname":"n1"},"values":[[1000,"0.25"]]},
{"metric":{"__name__":"ipmi_dcmi_power_consumption_watts","instance":"n2:9290"},"values":[[999,"5000"]]},
{"metric":{"__name__":"up","instance":"n2:9290"},"values":[[999,"1"]]}]}}`

func TestRead(t *testing.T) {
	got, err := Read([]byte(sample))
	if err != nil || len(got) != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []reading.Value{
		{Thing: reading.Thing{Kind: "node", Host: "n2"}, Quantity: "power", At: 999, Value: 5000},
		{Thing: reading.Thing{Kind: "gpu", Host: "10.0.0.1", Index: 3, Key: "GPU-a"}, Quantity: "power", At: 1000, Value: 612.5},
		{Thing: reading.Thing{Kind: "cpu", Host: "n1"}, Quantity: "utilisation", At: 1000, Value: 0.25},
		{Thing: reading.Thing{Kind: "gpu", Host: "n1", Index: 3, Key: "GPU-a", Model: "NVIDIA H100"}, Quantity: "utilisation", At: 1000.5, Value: 0.87},
	} {
		if got[i] != want {
			t.Errorf("%d: %+v", i, got[i])
		}
	}
	for text, want := range map[string]string{
		``: "JSON", `{}`: "no answer", `{"status":"error","error":"bad query"}`: "bad query", `{"status":"success","data":{"resultType":"vector"}}`: "vector",
	} {
		if _, err := Read([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for address := range strings.SplitSeq("|:|ftp://x|localhost:9090", "|") {
		if _, err := New(address); err == nil {
			t.Errorf("%q is accepted", address)
		}
	}
}

// TestReal asks a real server that scrapes an agent, through the death and return of the server.
func TestReal(t *testing.T) {
	var e agent.Exporter
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var x device.Reading
		x.Clear()
		x.At = time.Now()
		x.Values[device.Power] = 321
		x.Values[device.Utilisation] = 0.5
		e.Put(device.Identity{Kind: device.GPU, Index: 1, Key: "GPU-1", Host: "n1"}, &x)
		e.ServeHTTP(w, r)
	}))
	defer s.Close()
	p := promtest.New(t, s.Listener.Addr().String())
	src, err := New(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[float64]bool{}
	wait := func(n int) {
		for limit := time.Now().Add(20 * time.Second); len(seen) < n; <-time.After(50 * time.Millisecond) {
			var b reading.Batch
			if err := src.Read(context.Background(), &b); err != nil {
				t.Fatal(err)
			}
			for _, v := range b.Values {
				want := map[string]reading.Number{"power": 321, "utilisation": 0.5}[v.Quantity]
				if v.Host != "n1" || v.Index != 1 || v.Value != want {
					t.Fatalf("%+v", v)
				}
				if v.Quantity == "power" {
					if seen[float64(v.At)] {
						t.Fatalf("%+v comes twice", v)
					}
					seen[float64(v.At)] = true
				}
			}
			if time.Now().After(limit) {
				t.Fatalf("only %d readings", len(seen))
			}
		}
	}
	wait(3)
	p.Kill()
	var b reading.Batch
	if err := src.Read(context.Background(), &b); err == nil {
		t.Error("a dead server answers")
	}
	p.Start()
	wait(6)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"DCGM_FI_DEV_GPU_TEMP","gpu":"-1"},"values":[["NaN","1e999"]]}]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := Read(text)
		for _, v := range values {
			if err != nil || v.Host == "" || v.Kind == "" || v.Quantity == "" || v.Index < 0 {
				t.Fatalf("%+v, %v", v, err)
			}
		}
	})
}
