// Package document is the engine of the scenario language: it reads YAML with places, brings in parts, lays
// overrides over them, decodes the result into the spec structs of the models and says clearly what is wrong.
//
// It knows nothing of data centres. A model package declares a struct whose tags say key, doc, unit, default,
// range; this package walks such structs by reflection, once a type. Decoding, the resolved document, the JSON
// Schema and the reference page are four walks over one description, so they cannot disagree.
//
//	loader := &document.Loader{Library: library.FS}
//	written, ds := loader.Load("hall.yaml")           // as written, with places
//	whole, more := loader.Resolve(written)            // every `use` expanded, overrides merged
//	ds = append(ds, more...)
//	ds = append(ds, document.Decode(whole, &spec)...) // typed, defaults filled in, checked
//	ds.Render(os.Stderr, loader.Sources(), colour)
//
// # The language
//
// YAML, less what makes files surprising: one document a file, no anchors, aliases, tags or merge keys, no
// repeated keys. Above it stand three words:
//
//   - use: NAME brings in a part, from the library or, when NAME begins with ./ or ../, from a file beside the
//     one that says so. The keys beside it override the part, deeply.
//   - {add: [...]} and {remove: [...]} over a list append to it and take away from it.
//   - null takes a key away.
//
// A part that is named in an override replaces what it overrides; see [Merge]. The keys title, about and source
// may stand in any map that describes a thing; where a spec has no field for them they are notes.
//
// # Values of fields
//
// string, bool, whole numbers, float64 (a plain number), the quantities of models/unit, [time.Time] (RFC 3339,
// the offset is mandatory), types with UnmarshalText, pointers (optional), slices, maps by string, structs,
// inlined structs, and *[Value] (taken as written, for patches). A struct that also has UnmarshalText may be
// written as one text; one with a field tagged short:"list" as that list.
//
// # Safety
//
// [Limits] bound file size, line length, depth, and the number of nodes before the tree is built; parts that
// multiply each other count against the same bound. Nothing in a document makes this package panic; a wrong tag
// in a spec, which is a bug of the program, does ([Verify] finds it in a test).
//
// # Why the schema has its own emitter
//
// invopop/jsonschema reflects over struct types by its own tags. Here a property also needs the pattern of its
// unit, a default read as YAML, the three words above and text forms: each would be a hook against its walk, and
// a second reading of the tags. The emitter over our own description is shorter and cannot drift from the
// decoder.
package document
