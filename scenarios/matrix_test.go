package scenarios

import (
	"strings"
	"testing"
)

func TestReadMatrix(t *testing.T) {
	rows, err := readMatrix("a.csv", []byte("# of CFD\nto, share, from\nrack-1, 0.25, rack-0\n"))
	if err != nil || len(rows) != 1 || rows[0].From != "rack-0" || rows[0].To != "rack-1" || rows[0].Share != 0.25 {
		t.Errorf("%+v, %v", rows, err)
	}
	for text, want := range map[string]string{
		"":                            "no row that names its columns",
		"from,to\n":                   "no column is called share",
		"from,to,share\na,b,1.5\n":    `a.csv:2: "1.5" is no share`,
		"from,to,share\na,b,NaN\n":    `"NaN" is no share`,
		"from,to,share\na,b,0.1,9\n":  "wrong number of fields",
		"from,to,share\n\"a,b,0.1\n":  "a.csv:",
		"from,to,share\na,b,ten %%\n": `"ten %%" is no share`,
	} {
		if _, err := readMatrix("a.csv", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzMatrix(f *testing.F) {
	f.Add([]byte("from,to,share\nrack-0,rack-1,0.1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := readMatrix("a.csv", data)
		for _, r := range rows {
			if err != nil || !(r.Share >= 0 && r.Share <= 1) {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}
