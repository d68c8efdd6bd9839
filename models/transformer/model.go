package transformer

// Model is a [Spec] with its zeros filled in. All counts are of parameters unless said otherwise.
type Model struct {
	Layers, Hidden, Heads, KVHeads, Head, FFN, Vocab, Context float64
	Experts, Active, Shared, Dense, DenseFFN                  float64
	matrices                                                  float64 // of a feed-forward layer
	tied                                                      bool
}

// New returns the model of a spec.
func New(s *Spec) Model {
	m := Model{
		Layers: float64(s.Layers), Hidden: float64(s.Hidden), Heads: float64(s.Heads), KVHeads: float64(s.KVHeads),
		Head: float64(s.Head), FFN: float64(s.FFN), Vocab: float64(s.Vocab), Context: float64(s.Context),
		Experts: float64(s.Experts), Active: float64(s.Active), Shared: float64(s.Shared), Dense: float64(s.Dense),
		DenseFFN: float64(s.DenseFFN), matrices: 2, tied: s.Tied,
	}
	if s.Gated {
		m.matrices = 3
	}
	if m.KVHeads == 0 {
		m.KVHeads = m.Heads
	}
	if m.Head == 0 {
		m.Head = m.Hidden / m.Heads
	}
	if m.DenseFFN == 0 {
		m.DenseFFN = m.FFN
	}
	if m.Experts == 0 {
		m.Dense, m.DenseFFN = m.Layers, m.FFN
	}
	return m
}

// Width returns the width of all heads together.
func (m *Model) Width() float64 { return m.Heads * m.Head }

// KVWidth returns the width of all key heads together; values have the same.
func (m *Model) KVWidth() float64 { return m.KVHeads * m.Head }

// Attention returns the parameters of the attention of one layer.
func (m *Model) Attention() float64 { return 2 * m.Hidden * (m.Width() + m.KVWidth()) }

// Expert returns the parameters of one expert.
func (m *Model) Expert() float64 { return m.matrices * m.Hidden * m.FFN }

// dense returns the parameters of the feed-forward part of a dense layer.
func (m *Model) dense() float64 { return m.matrices * m.Hidden * m.DenseFFN }

// LayerActive returns the parameters that a token passes through in one layer, averaged over the layers.
func (m *Model) LayerActive() float64 {
	sparse := m.Layers - m.Dense
	return m.Attention() + (m.Dense*m.dense()+sparse*((m.Active+m.Shared)*m.Expert()+m.Hidden*m.Experts))/m.Layers
}

// Routed returns the parameters of all routed experts of the model: those that expert parallelism divides.
func (m *Model) Routed() float64 { return (m.Layers - m.Dense) * m.Experts * m.Expert() }

// HeadParameters returns the parameters of the output head.
func (m *Model) HeadParameters() float64 { return m.Vocab * m.Hidden }

// Parameters returns all parameters of the model.
func (m *Model) Parameters() float64 {
	sparse := m.Layers - m.Dense
	layers := m.Layers*(m.Attention()+2*m.Hidden) + m.Dense*m.dense() +
		sparse*((m.Experts+m.Shared)*m.Expert()+m.Hidden*m.Experts)
	embeddings := 2.0
	if m.tied {
		embeddings = 1
	}
	return layers + embeddings*m.Vocab*m.Hidden + m.Hidden
}

// ActiveParameters returns the parameters that multiply a token: all layers and the output head, not the input
// embedding, which is a lookup.
func (m *Model) ActiveParameters() float64 { return m.Layers*m.LayerActive() + m.HeadParameters() }

// ForwardFLOPs returns the FLOPs of one token's forward pass when it attends to s tokens before it.
func (m *Model) ForwardFLOPs(s float64) float64 {
	return 2*m.ActiveParameters() + 4*m.Layers*m.Width()*s
}

// TrainFLOPs returns the model FLOPs of training on one token of a sequence of s tokens: 6N + 12Lhs, with half of the
// attention where it is causal. It is what MFU counts: no recomputation.
func (m *Model) TrainFLOPs(s float64, causal bool) float64 {
	if causal {
		s /= 2
	}
	return 3 * m.ForwardFLOPs(s)
}

// KVBytes returns the bytes of key-value cache of one token at the given bytes a number.
func (m *Model) KVBytes(bytes float64) float64 { return 2 * m.Layers * m.KVWidth() * bytes }
