package document

import (
	"bufio"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Reference writes the reference page of a spec in Markdown: one table for each map, every key with what it
// holds, its default and its meaning.
func Reference(w io.Writer, spec any) error {
	if err := Verify(spec); err != nil {
		return err
	}
	root := mustShape(indirect(reflect.TypeOf(spec)))
	out := bufio.NewWriter(w)
	order := []*shape{root}
	where := map[*shape]string{root: ""}
	for i := 0; i < len(order); i++ {
		for _, f := range order[i].fields {
			inner := f.shape
			path := joinPath(where[order[i]], f.key)
			for inner.elem != nil {
				switch inner.form {
				case formList:
					path += "[]"
				case formMap:
					path += ".*"
				}
				inner = inner.elem
			}
			if _, seen := where[inner]; inner.form == formStruct && !seen {
				where[inner] = path
				order = append(order, inner)
			}
		}
	}
	for i, s := range order {
		section(out, s, where[s], i == 0)
	}
	return out.Flush()
}

// section writes the table of one map.
func section(w io.Writer, s *shape, path string, root bool) {
	if root {
		fmt.Fprintf(w, "# The scenario language\n\n"+
			"One table for each map, the whole document first. A quantity is a number with its unit, `1.2 MW`; a default is\n"+
			"given as it would be written, with the source of the figure behind it. `halltwin check FILE --resolved` prints the\n"+
			"defaults that a file takes.\n\n## A scenario\n\n")
	} else {
		fmt.Fprintf(w, "## %s\n\nAt `%s`.\n\n", s.title(), path)
	}
	if s.word {
		fmt.Fprintf(w, "May be written as one text.\n\n")
	}
	if s.listed != nil {
		fmt.Fprintf(w, "May be written as a list, which is its `%s`.\n\n", s.listed.key)
	}
	fmt.Fprintf(w, "| key | holds | default | meaning |\n|---|---|---|---|\n")
	for _, f := range s.fields {
		def := ""
		switch {
		case f.required:
			def = "required"
		case f.def != nil && f.text == "":
			def = "empty"
		case f.def != nil:
			def = "`" + f.text + "`"
			if f.source != "" {
				def += " (" + f.source + ")"
			}
		}
		doc := f.doc
		if f.limits != nil {
			doc += "; " + f.limits.text(quantityKind(f.shape))
		}
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", f.key, cell(f.shape.holds(f)), cell(def), cell(doc))
	}
	fmt.Fprintln(w)
}

// cell keeps text inside its cell.
func cell(s string) string { return strings.ReplaceAll(clean(s), "|", `\|`) }

// holds says in a few words what a value is, with a link to the map that it may be.
func (s *shape) holds(f *field) string {
	switch s.form {
	case formPointer:
		return s.elem.holds(f)
	case formList:
		return "list of " + s.elem.holds(f)
	case formMap:
		return "map by name of " + s.elem.holds(f)
	case formStruct:
		return fmt.Sprintf("[%s](#%s)", s.title(), strings.ReplaceAll(s.title(), ".", ""))
	case formQuantity:
		return fmt.Sprintf("%s, `%s`", s.kind.Name, strings.ReplaceAll(strings.ReplaceAll(s.kind.Example, " or ", ", "), ", ", "`, `"))
	case formRaw:
		return "an override of the document"
	case formText:
		if f != nil && f.enum != nil {
			return "`" + strings.Join(f.enum, "`, `") + "`"
		}
		return "text"
	case formWord:
		return "text"
	}
	return strings.TrimPrefix(s.noun(), "a ")
}
