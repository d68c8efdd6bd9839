package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// parse reads the text of one file. All that is wrong with it as a YAML document is reported at once, except
// that a syntax error hides what follows it.
func parse(name string, text []byte, limits Limits) (*Value, Diagnostics) {
	if ds := scan(name, text, limits); ds != nil {
		return nil, ds
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(limits.Depth+1))))
	if err != nil {
		return nil, Diagnostics{errorf(Pos{File: name}, CodeSyntax, "%v", err)}
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Diagnostics{errorf(Pos{name, 1, 1}, CodeSyntax, "the file is empty")}
		}
		return nil, Diagnostics{syntax(name, text, err)}
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, Diagnostics{{Code: CodeSyntax, Pos: Pos{name, second.Line, second.Column}, Msg: "a second document begins here",
			Fix: "a file holds one document: remove the line ---"}}
	case !errors.Is(err, io.EOF):
		return nil, Diagnostics{syntax(name, text, err)}
	}
	if len(first.Content) != 1 || empty(first.Content[0]) {
		return nil, Diagnostics{errorf(Pos{name, 1, 1}, CodeSyntax, "the file is empty")}
	}
	b := builder{file: name, limits: limits}
	root := b.value(first.Content[0], 1)
	return root, b.errors
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Value == "" }

// scan refuses, before any tree is built, text that is not clean UTF-8 or is larger than the limits. Every
// node of a YAML tree follows one of a few characters, so counting them bounds the memory that parsing needs.
func scan(name string, text []byte, limits Limits) Diagnostics {
	if len(text) >= 2 && (text[0] == 0xfe && text[1] == 0xff || text[0] == 0xff && text[1] == 0xfe) {
		return Diagnostics{{Code: CodeSyntax, Pos: Pos{name, 1, 1}, Msg: "the file is in UTF-16", Fix: "save it as UTF-8"}}
	}
	line, start, nodes := 1, 0, 1
	fail := func(i int, code, msg, fix string) Diagnostics {
		return Diagnostics{{Code: code, Pos: Pos{name, line, utf8.RuneCount(text[start:i]) + 1}, Span: 1, Msg: msg, Fix: fix}}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			nodes++
			line, start = line+1, i+1
		case c == ',':
			nodes += 3 // the reader holds all of a list in brackets before it gives out the first item
		case c == ':' || c == '[' || c == '{' || c == '?':
			nodes++
		case c == '-' && i+1 < len(text) && (text[i+1] == ' ' || text[i+1] == '\n' || text[i+1] == '\t'):
			nodes++
		case c == '\t' || c == '\r' && i+1 < len(text) && text[i+1] == '\n':
		case c < ' ' || c == 0x7f:
			return fail(i, CodeSyntax, fmt.Sprintf("a control character (U+%04X) is in the text", c), "remove it")
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(text[i:])
			if r == utf8.RuneError && size == 1 {
				return fail(i, CodeSyntax, fmt.Sprintf("the byte 0x%02X is not UTF-8", c), "save the file as UTF-8")
			}
			if r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff && i > 0 || r == 0xfffe || r == 0xffff {
				return fail(i, CodeSyntax, fmt.Sprintf("a control character (U+%04X) is in the text", r), "remove it")
			}
			i += size - 1
		}
		if i-start > limits.Line {
			return Diagnostics{{Code: CodeLimit, Pos: Pos{name, line, 1}, Span: 1,
				Msg: "the line is longer than " + bytesText(limits.Line), Fix: "break it"}}
		}
		if nodes > limits.Nodes {
			return Diagnostics{{Code: CodeLimit, Pos: Pos{name, line, 1}, Span: 1,
				Msg: fmt.Sprintf("the file has more than about %d keys and values", limits.Nodes),
				Fix: "say what repeats with counts instead of writing it out"}}
		}
	}
	return nil
}

// builder turns YAML nodes into values.
type builder struct {
	file   string
	limits Limits
	errors Diagnostics
	slab   []Value
	nodes  int
}

// alloc hands out values from blocks, which spares the collector one object a node.
func (b *builder) alloc() *Value {
	if len(b.slab) == 0 {
		b.slab = make([]Value, min(1024, 16+b.nodes))
	}
	v := &b.slab[0]
	b.slab = b.slab[1:]
	b.nodes++
	return v
}

func (b *builder) fail(n *yaml.Node, span int, code, msg, fix string) {
	if len(b.errors) < mostErrors {
		b.errors = append(b.errors, Diagnostic{Code: code, Pos: b.pos(n), Span: span, Msg: msg, Fix: fix})
	}
}

func (b *builder) pos(n *yaml.Node) Pos { return Pos{b.file, n.Line, n.Column} }

// noAnchors is the fix for YAML's own way of sharing.
const noAnchors = "to share values, put them in a file of their own and write use: ./part.yaml"

func (b *builder) value(n *yaml.Node, depth int) *Value {
	v := b.alloc()
	v.Pos = b.pos(n)
	if n.Anchor != "" {
		b.fail(n, len(n.Anchor)+1, CodeSyntax, "anchors are not part of the scenario language", noAnchors)
	}
	if n.Style&yaml.TaggedStyle != 0 {
		b.fail(n, 0, CodeSyntax, "tags are not part of the scenario language", "leave "+n.Tag+" out")
	}
	if depth > b.limits.Depth {
		b.fail(n, 1, CodeLimit, fmt.Sprintf("more than %d maps and lists are within each other", b.limits.Depth), "")
		return v
	}
	switch n.Kind {
	case yaml.ScalarNode:
		b.scalar(v, n)
	case yaml.SequenceNode:
		v.Kind = List
		v.Items = make([]*Value, len(n.Content))
		for i, item := range n.Content {
			v.Items[i] = b.value(item, depth+1)
		}
	case yaml.MappingNode:
		v.Kind = Map
		b.mapping(v, n, depth)
	case yaml.AliasNode:
		b.fail(n, len(n.Value)+1, CodeSyntax, "aliases are not part of the scenario language", noAnchors)
		v.broken = true
	}
	return v
}

func (b *builder) scalar(v *Value, n *yaml.Node) {
	v.Kind, v.Text = Scalar, n.Value
	v.Quoted = n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	v.block = n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0
	if n.Tag == "!!null" && !v.Quoted {
		v.Kind = Null
	}
}

// smallMap is the size up to which looking through the keys is faster than an index.
const smallMap = 16

// longestKey is far beyond any name; YAML itself stops at 1024.
const longestKey = 200

func (b *builder) mapping(v *Value, n *yaml.Node, depth int) {
	v.Entries = make([]Entry, 0, len(n.Content)/2)
	var index map[string]int
	if len(n.Content)/2 > smallMap {
		index = make(map[string]int, len(n.Content)/2)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case k.Kind == yaml.AliasNode:
			b.fail(k, len(k.Value)+1, CodeSyntax, "aliases are not part of the scenario language", noAnchors)
			continue
		case k.Kind != yaml.ScalarNode:
			b.fail(k, 1, CodeSyntax, "a key must be a name", "a list or a map cannot be a key")
			continue
		case k.Tag == "!!merge" && k.Style == 0:
			b.fail(k, 2, CodeSyntax, "the merge key << is not part of the scenario language", noAnchors)
			continue
		}
		if len(k.Value) > longestKey {
			b.fail(k, longestKey, CodeKey, fmt.Sprintf("a key is longer than %d characters", longestKey), "write key: value")
			continue
		}
		if k.Anchor != "" {
			b.fail(k, len(k.Anchor)+1, CodeSyntax, "anchors are not part of the scenario language", noAnchors)
		}
		e := Entry{Key: k.Value, Pos: b.pos(k), Value: b.value(n.Content[i+1], depth+1)}
		if twin := v.find(e.Key, index); twin >= 0 {
			first := v.Entries[twin].Pos
			b.fail(k, utf8.RuneCountInString(e.Key), CodeKey, fmt.Sprintf("%q is given twice", clip(e.Key)),
				fmt.Sprintf("remove one: the first stands in line %d", first.Line))
			continue
		}
		if index != nil {
			index[e.Key] = len(v.Entries)
		}
		v.Entries = append(v.Entries, e)
	}
}

// find returns the place of a key in a map under construction, or -1.
func (v *Value) find(key string, index map[string]int) int {
	if index != nil {
		if i, ok := index[key]; ok {
			return i
		}
		return -1
	}
	for i := range v.Entries {
		if v.Entries[i].Key == key {
			return i
		}
	}
	return -1
}

// clip shortens text from a file for a message.
func clip(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
