// Package transformer describes a language model by the numbers that decide its cost: layers, widths, heads, experts,
// vocabulary. From them follow parameters, FLOPs and bytes, which training and serving share.
//
//	layer     attention 2h·a + 2h·k  and  feed-forward 2hf (3hf gated), of E experts each of f where there are experts
//	          a = heads × head size, k = KV heads × head size
//	model     L layers, input embedding Vh, output head Vh unless it is tied to the embedding, norms
//	forward   2 FLOPs a parameter that a token passes through, and 4·a·s per layer for attention over s tokens, half of
//	          that when the attention is causal and skips what it masks
//	training  three times the forward pass: the "6N + 12Lhs" of the literature
//
// # Left out
//
// Latent attention (MLA), sliding windows, state-space layers, encoders. Give the nearest dense or expert model.
//
// # Sources
//
// Kaplan et al., arXiv 2001.08361 §2.1; Narayanan et al., SC 2021 (arXiv 2104.04473) appendix; Korthikanti et al., arXiv
// 2205.05198 §4 (activations).
package transformer
