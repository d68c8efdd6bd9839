package transformer

import "fmt"

// Spec is one model.
type Spec struct {
	Title  string `yaml:"title" doc:"full name of the model"`
	About  string `yaml:"about" doc:"what it is"`
	Source string `yaml:"source" doc:"citation of the figures"`

	Layers  int  `yaml:"layers" doc:"transformer layers" required:"true" range:"[1,10000]"`
	Hidden  int  `yaml:"hidden" doc:"model width" required:"true" range:"[1,1000000]"`
	Heads   int  `yaml:"heads" doc:"attention heads" required:"true" range:"[1,10000]"`
	KVHeads int  `yaml:"kv_heads" doc:"key and value heads; 0: as many as heads" default:"0" range:"[0,10000]"`
	Head    int  `yaml:"head" doc:"size of a head; 0: hidden / heads" default:"0" range:"[0,100000]"`
	FFN     int  `yaml:"ffn" doc:"width of the feed-forward layer, of one expert where there are experts" required:"true" range:"[1,10000000]"`
	Gated   bool `yaml:"gated" doc:"the feed-forward layer is gated (SwiGLU): three matrices instead of two" default:"true"`
	Vocab   int  `yaml:"vocab" doc:"vocabulary" required:"true" range:"[1,100000000]"`
	Tied    bool `yaml:"tied" doc:"the output head is the input embedding" default:"false"`
	Context int  `yaml:"context" doc:"length of a training sequence, in tokens" default:"8192" source:"typical" range:"[1,100000000]"`

	Experts int `yaml:"experts" doc:"routed experts a layer; 0: a dense model" default:"0" range:"[0,100000]"`
	Active  int `yaml:"active" doc:"routed experts that a token passes through" default:"0" range:"[0,100000]"`
	Shared  int `yaml:"shared" doc:"experts that every token passes through" default:"0" range:"[0,1000]"`
	Dense   int `yaml:"dense" doc:"leading layers without experts" default:"0" range:"[0,10000]"`
	// DenseFFN is apart from FFN because the dense layers of expert models are wider than an expert.
	DenseFFN int `yaml:"dense_ffn" doc:"width of the feed-forward layer in the dense layers; 0: as ffn" default:"0" range:"[0,10000000]"`
}

// Validate checks what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	if s.Heads > 0 && s.Head == 0 && s.Hidden%s.Heads != 0 {
		fail("heads", fmt.Sprintf("%d does not divide into %d heads: state the size of a head", s.Hidden, s.Heads))
	}
	if s.KVHeads > 0 && s.Heads%s.KVHeads != 0 {
		fail("kv_heads", fmt.Sprintf("%d heads do not share %d key and value heads evenly", s.Heads, s.KVHeads))
	}
	if s.Experts > 0 && (s.Active < 1 || s.Active > s.Experts) {
		fail("active", fmt.Sprintf("a token passes through between 1 and %d experts", s.Experts))
	}
	if s.Experts == 0 && s.Active+s.Shared+s.Dense > 0 {
		fail("experts", "active, shared and dense belong to a model with experts: state experts, or leave them out")
	}
	if s.Dense > s.Layers {
		fail("dense", fmt.Sprintf("there are only %d layers", s.Layers))
	}
}
