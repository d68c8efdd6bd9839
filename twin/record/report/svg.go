package report

import (
	"math"
	"strconv"
	"time"

	"github.com/halltwin/halltwin/twin/record"
)

// clock knows the run's time zone and how long it takes, and so how to print its moments.
type clock struct{ header *record.Header }

// short is a moment as charts and sentences give it: "14:37", "Tue 14:37" or "15 Jul 14:37".
func (c clock) short(t float64) string {
	at := c.header.At(t)
	switch d := c.header.Duration; {
	case d <= 86400:
		return at.Format("15:04")
	case d <= 7*86400:
		return at.Format("Mon 15:04")
	case d <= 300*86400:
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

// long is a moment to the second.
func (c clock) long(t float64) string {
	if c.header.Duration <= 86400 {
		return c.header.At(t).Format("15:04:05")
	}
	if c.header.Duration > 300*86400 {
		return c.header.At(t).Format("2 Jan 2006 15:04")
	}
	return c.header.At(t).Format("2 Jan 15:04:05")
}

var timeSteps = []float64{1, 5, 10, 30, 60, 300, 600, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600,
	86400, 2 * 86400, 7 * 86400, 14 * 86400, 30 * 86400, 91 * 86400, 365 * 86400}

// timeTicks returns moments within [0, to] that are round on the site's clock, with labels.
func (c clock) timeTicks(to float64, n int) (at []float64, labels []string) {
	if to > 3*365*86400 {
		return c.yearTicks(to, n)
	}
	step := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if to/s <= float64(n) {
			step = s
			break
		}
	}
	start := c.header.Start
	midnight := time.Date(start.Year(), start.Month(), start.Day(), 0, 0, 0, 0, start.Location())
	offset := start.Sub(midnight).Seconds()
	for i := math.Ceil(offset/step - 1e-9); i*step-offset <= to*(1+1e-9); i++ {
		t := i*step - offset
		m := c.header.At(t)
		label := m.Format("15:04")
		switch {
		case step < 60:
			label = m.Format("15:04:05")
		case step >= 86400 && to > 300*86400:
			label = m.Format("2 Jan")
		case step >= 86400:
			label = m.Format("Mon 2 Jan")
		case m.Hour() == 0 && m.Minute() == 0 && to > 86400:
			label = m.Format("Mon 2")
		}
		at, labels = append(at, t), append(labels, label)
	}
	return at, labels
}

// yearTicks returns first days of years within [0, to], with their numbers.
func (c clock) yearTicks(to float64, n int) (at []float64, labels []string) {
	step := int(math.Ceil(to / (365 * 86400) / float64(n)))
	start := c.header.Start
	for year := start.Year() + 1; ; year++ {
		t := float64(time.Date(year, 1, 1, 0, 0, 0, 0, start.Location()).Unix() - start.Unix())
		if t > to {
			return at, labels
		}
		if year%step == 0 {
			at, labels = append(at, t), append(labels, strconv.Itoa(year))
		}
	}
}
