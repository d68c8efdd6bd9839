package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
	"github.com/halltwin/halltwin/twin/record/series"
)

// carpetPixels bounds the picture, so that the report stays small.
const carpetPixels = 240 * 1024

// carpet draws every rack apart: a row a rack, time to the right, colour for the temperature.
func (b *builder) carpet() *figure {
	x := b.store.Find("rack.inlet_temperature")
	if x == nil || x.Carpet == nil || len(x.Carpet.Things) < 4 {
		return nil
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	columns := 0
	for _, row := range x.Carpet.Things {
		columns = max(columns, len(row))
		for _, v := range row {
			if v == v {
				lo, hi = min(lo, float64(v)), max(hi, float64(v))
			}
		}
	}
	if lo > hi {
		return nil
	}
	lo, hi = math.Floor(lo), math.Ceil(hi)
	hi = math.Max(hi, lo+4) // so that noise does not look like news
	data, err := picture(x.Carpet, columns, lo, hi)
	if err != nil {
		return nil // the chart above it tells the same, less finely
	}
	unit := record.Symbol(x.Channel.Unit)
	says := fmt.Sprintf("%d racks from the first at the top to the last, each a line; %g to %g %s.", len(x.Carpet.Things), lo, hi, unit)
	f := &figure{ID: "carpet", Title: "Inlet temperature of every rack", Unit: unit, Says: says, Wide: true,
		Data: "metrics/rack.parquet: " + record.FieldName(x.Channel), Command: b.store.Header.Command}
	f.Drawing = template.HTML(b.carpetSVG(x, data, columns, lo, hi, says)) //nolint:gosec // texts are escaped
	f.Table = b.hottest(x)
	return f
}

func (b *builder) carpetSVG(x *series.Series, data string, columns int, lo, hi float64, says string) string {
	things := float64(len(x.Carpet.Things))
	h := math.Min(math.Max(things*2, 110), 320)
	height := top + h + bottom
	end := math.Max(b.clock.header.Duration, x.Carpet.Width*float64(columns))
	time := draw.Axis{From: 0, To: end, At: left, End: wideWidth - right - 66}
	var g draw.Canvas
	g.Printf(`<svg viewBox="0 0 %s %s" role="img" aria-labelledby="carpet-t carpet-d"><title id="carpet-t">Inlet temperature of every rack</title><desc id="carpet-d">%s</desc>`,
		draw.Num(wideWidth), draw.Num(height), html.EscapeString(says))
	width := time.Px(math.Min(x.Carpet.Width*float64(columns), end)) - left
	g.Printf(`<image href="data:image/png;base64,%s" x="%s" y="%s" width="%s" height="%s" preserveAspectRatio="none"/>`,
		data, draw.Num(left), draw.Num(top), draw.Num(width), draw.Num(h))
	at, labels := b.clock.timeTicks(end, 12)
	for i, t := range at {
		px, anchor := time.Px(t), "middle"
		if px > time.End-16 {
			anchor = "end"
		}
		g.Line(px, top+h, px, top+h+4, "base")
		g.Text(px, height-6, "tick", anchor, labels[i])
	}
	g.Text(left-8, top+10, "tick", "end", "0")
	g.Text(left-8, top+h, "tick", "end", fmt.Sprint(len(x.Carpet.Things)-1))
	for _, e := range b.marks {
		px := time.Px(e.Time)
		g.Printf(`<path class="mark-head" d="M%s %sl4 4l-4 4l-4-4z"><title>%s</title></path>`, draw.Num(px), draw.Num(top-9), html.EscapeString(strings.TrimSpace(e.Subject+" "+e.Text)))
	}
	const steps = 32
	for i := range steps {
		c := viridis((float64(i) + 0.5) / steps)
		g.Printf(`<rect x="%s" y="%s" width="12" height="%s" fill="#%02x%02x%02x"/>`, draw.Num(time.End+22),
			draw.Num(top+h*(1-float64(i+1)/steps)), draw.Num(h/steps+0.5), c.R, c.G, c.B)
	}
	values, decimals := draw.Ticks(lo, hi, 5)
	for _, v := range values {
		g.Text(time.End+40, top+h*(1-(v-lo)/(hi-lo))+4, "tick", "start", fmt.Sprintf("%.*f", decimals, v))
	}
	g.WriteString(`</svg>`)
	return g.String()
}

// picture paints the carpet, a pixel a bucket.
func picture(c *series.Carpet, columns int, lo, hi float64) (string, error) {
	rows := len(c.Things)
	step := 1
	for columns/step*rows > carpetPixels {
		step++
	}
	width := (columns + step - 1) / step
	palette := make(color.Palette, 256)
	for i := range 255 {
		palette[i] = viridis(float64(i) / 254)
	}
	palette[255] = color.NRGBA{} // unknown: nothing
	img := image.NewPaletted(image.Rect(0, 0, width, rows), palette)
	for y, row := range c.Things {
		for x := range width {
			best := float32(math.NaN())
			for i := x * step; i < min((x+1)*step, len(row)); i++ {
				if best != best || row[i] > best {
					best = row[i]
				}
			}
			if best == best {
				img.SetColorIndex(x, y, uint8(math.Round(254*(float64(best)-lo)/(hi-lo))))
			} else {
				img.SetColorIndex(x, y, 255)
			}
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, img); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// hottest lists the racks with the highest temperatures.
func (b *builder) hottest(x *series.Series) table {
	t := table{Head: []string{"rack", "highest, " + record.Symbol(x.Channel.Unit), "at"}}
	type peak struct {
		rack int
		v    float64
		at   float64
	}
	var list []peak
	for i, row := range x.Carpet.Things {
		p := peak{i, math.Inf(-1), 0}
		for k, v := range row {
			if float64(v) > p.v {
				p.v, p.at = float64(v), (float64(k)+0.5)*x.Carpet.Width
			}
		}
		list = append(list, p)
	}
	for n := 0; n < min(12, len(list)); n++ {
		best := n
		for k := n; k < len(list); k++ {
			if list[k].v > list[best].v {
				best = k
			}
		}
		list[n], list[best] = list[best], list[n]
		p := list[n]
		if math.IsInf(p.v, 0) {
			break
		}
		t.Rows = append(t.Rows, []string{b.store.Header.SubjectName(x.Channel.Kind, int32(p.rack)), record.Digits(p.v, 4), b.clock.short(p.at)})
	}
	return t
}

// viridis is the palette of that name (van der Walt and Smith, matplotlib): its lightness grows evenly, in grey
// and for colour-blind eyes too. v is in [0, 1]; nine of its colours are interpolated.
func viridis(v float64) color.NRGBA {
	anchors := [...][3]float64{{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141}, {39, 173, 129},
		{92, 200, 99}, {170, 220, 50}, {253, 231, 37}}
	at := math.Min(math.Max(v, 0), 1) * float64(len(anchors)-1)
	i := min(int(at), len(anchors)-2)
	f := at - float64(i)
	mix := func(k int) uint8 { return uint8(math.Round(anchors[i][k] + f*(anchors[i+1][k]-anchors[i][k]))) }
	return color.NRGBA{mix(0), mix(1), mix(2), 255}
}
