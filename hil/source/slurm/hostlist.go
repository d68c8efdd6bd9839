package slurm

import (
	"fmt"
	"strconv"
	"strings"
)

// mostHosts bounds what one list may name.
const mostHosts = 1 << 17

// Hosts expands a list of nodes as Slurm writes it: gpu[1-3,07-09],login. The nodes come in the order of the list.
func Hosts(list string) ([]string, error) {
	var out []string
	for list != "" {
		end, depth := 0, 0
		for ; end < len(list) && (list[end] != ',' || depth > 0); end++ {
			switch list[end] {
			case '[':
				depth++
			case ']':
				depth--
			}
		}
		part := list[:end]
		if list = list[end:]; list != "" {
			if list = list[1:]; list == "" {
				return nil, fmt.Errorf("a list of nodes ends with a comma")
			}
		}
		var err error
		if out, err = expand(out, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// expand appends the nodes of one part, whose brackets multiply.
func expand(out []string, part string) ([]string, error) {
	if part == "" {
		return nil, fmt.Errorf("a list of nodes has an empty part")
	}
	heads := []string{""}
	for part != "" {
		open := strings.IndexByte(part, '[')
		if open < 0 {
			open = len(part)
		}
		for i := range heads {
			heads[i] += part[:open]
		}
		if part = part[open:]; part == "" {
			break
		}
		shut := strings.IndexByte(part, ']')
		if shut < 0 {
			return nil, fmt.Errorf("the bracket in %.60q does not close", part)
		}
		numbers, err := ranges(part[1:shut])
		if err != nil {
			return nil, err
		}
		if len(heads)*len(numbers)+len(out) > mostHosts {
			return nil, fmt.Errorf("a list names more than %d nodes", mostHosts)
		}
		var next []string
		for _, h := range heads {
			for _, n := range numbers {
				next = append(next, h+n)
			}
		}
		heads, part = next, part[shut+1:]
	}
	if len(out)+len(heads) > mostHosts {
		return nil, fmt.Errorf("a list names more than %d nodes", mostHosts)
	}
	return append(out, heads...), nil
}

// ranges expands 1-3,07 to 1 2 3 07; leading zeros keep their width.
func ranges(text string) ([]string, error) {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		lo, hi, ranged := strings.Cut(part, "-")
		if !ranged {
			hi = lo
		}
		a, err := strconv.ParseUint(lo, 10, 32)
		b, err2 := strconv.ParseUint(hi, 10, 32)
		if err != nil || err2 != nil || b < a || b-a >= mostHosts || len(out)+int(b-a) >= mostHosts || len(lo) > 12 {
			return nil, fmt.Errorf("%.40q is no range of nodes", part)
		}
		for n := a; n <= b; n++ {
			out = append(out, fmt.Sprintf("%0*d", len(lo), n))
		}
	}
	return out, nil
}
