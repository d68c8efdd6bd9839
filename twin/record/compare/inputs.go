package compare

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v4"
)

// Input is a key of the resolved scenarios whose values differ. An empty side does not have it.
type Input struct {
	Path  string `json:"path"`
	Base  string `json:"base"`
	Other string `json:"other"`
}

// Inputs compares two resolved scenarios key by key, in the order in which the keys stand. Entries of a list are
// known by their name where they have one.
func Inputs(base, other []byte) ([]Input, error) {
	a, err := flatten(base)
	if err != nil {
		return nil, fmt.Errorf("the resolved scenario of the base: %w", err)
	}
	b, err := flatten(other)
	if err != nil {
		return nil, fmt.Errorf("the resolved scenario of the other side: %w", err)
	}
	list := []Input{}
	for _, p := range a.paths {
		if v, ok := b.values[p]; !ok || v != a.values[p] {
			list = append(list, Input{p, a.values[p], v})
		}
	}
	for _, p := range b.paths {
		if _, ok := a.values[p]; !ok {
			list = append(list, Input{p, "", b.values[p]})
		}
	}
	return list, nil
}

// flat is a document as scalar values by path.
type flat struct {
	paths  []string
	values map[string]string
}

// maxInputs bounds a document's values; resolved scenarios have hundreds.
const maxInputs = 1_000_000

func flatten(doc []byte) (*flat, error) {
	f := &flat{values: map[string]string{}}
	var root yaml.Node
	if err := yaml.Unmarshal(doc, &root); err != nil {
		return nil, err
	}
	return f, f.add("", &root, 0)
}

func (f *flat) add(path string, n *yaml.Node, depth int) error {
	if depth > 100 || len(f.paths) > maxInputs {
		return fmt.Errorf("%s: deeper or larger than a scenario can be", path)
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, c := range n.Content {
			if err := f.add(path, c, depth+1); err != nil {
				return err
			}
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if path != "" {
				key = path + "." + key
			}
			if err := f.add(key, n.Content[i+1], depth+1); err != nil {
				return err
			}
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			if err := f.add(path+"["+label(c, i)+"]", c, depth+1); err != nil {
				return err
			}
		}
	case yaml.AliasNode:
		return fmt.Errorf("%s: a resolved scenario has no aliases", path)
	default:
		name := path
		for i := 2; ; i++ { // two entries of a list may share a name
			if _, taken := f.values[path]; !taken {
				break
			}
			path = name + "#" + strconv.Itoa(i)
		}
		f.paths = append(f.paths, path)
		f.values[path] = n.Value
	}
	return nil
}

// label is an entry's name, or its number.
func label(n *yaml.Node, i int) string {
	if n.Kind == yaml.MappingNode {
		for k := 0; k+1 < len(n.Content); k += 2 {
			if n.Content[k].Value == "name" && n.Content[k+1].Kind == yaml.ScalarNode {
				return n.Content[k+1].Value
			}
		}
	}
	return strconv.Itoa(i)
}
