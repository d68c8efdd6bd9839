// Package scenarios is the scenario language: it reads a file, checks all of it, and compiles it to an immutable
// [Plan] that a world runs.
//
// A [Spec] is the composition of what each model says about itself; there is one line here for each model. Reading
// goes through package document, which keeps positions and reports every mistake at once with its place and its
// fix. [Load] resolves `use:` and overrides, [File.Plan] decodes the result and builds the site: the tree of things
// with dense indices, the power chain, the cooling, the work, the actions with their targets found.
//
// The library (package library: sites, hardware, plants, workloads, weather, what-if files) is embedded, so a
// scenario runs on a machine that has nothing but the binary.
//
// # Choices
//
//   - Defaults, units, ranges and their sources are struct tags rather than comments, because the decoder, the JSON
//     Schema, the reference page and `check --resolved` all read the same words.
//   - A plan holds no random draws: the same plan is shared by all replicas, and a world draws from streams named
//     after the things themselves. Only the generated part of the work depends on the seed, and is made by
//     [Plan.Workload].
package scenarios
