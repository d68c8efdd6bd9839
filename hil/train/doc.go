// Package train is the reference workload: it trains small neural networks on the host's processors, really, so that a
// bench has a load that learns something and that runs everywhere; and it holds the contract by which any training program
// tells how it gets on.
//
// # Network
//
// Layers of neurons, each a(xW + b); hidden a is ReLU or sigmoid, the output linear, sigmoid or softmax. Losses are the
// mean squared error and the cross-entropy. Weights begin as Glorot and Bengio (Xavier: uniform ±√(6/(in+out))) or as He
// (normal, √(2/in)) propose, biases at 0. Gradients are by back-propagation; tests hold them against central differences.
//
// # Training
//
// Mini-batches in a new order each epoch; inputs normalised by the mean and deviation of the training set; augmentation in
// training only; SGD, SGD with momentum (Polyak), or Adam with its bias correction; early stopping on a validation set that
// keeps the best weights; checkpoints from which a resumed run gives the same bits as one that was never interrupted.
//
// Data-parallel: a batch is cut into shards of a fixed number of rows; goroutines take shards, each with buffers of its own,
// and the shards' gradients are added in the order of shards. So the result does not depend on the number of goroutines, as
// an all-reduce with a fixed ring does not depend on who is late.
//
// # After training
//
// [Quantise] turns weights to int8 with one scale an output neuron and activations with one scale a layer, found on
// calibration data; products are summed in int32. [Prune] removes the smallest weights of the whole network; training goes
// on with what is left if asked to.
//
// # Contract
//
// A workload prints one JSON object a line on its standard output: {"step", "samples", "tokens", "loss", "phase"}, phase
// one of train, eval, checkpoint; see [Line]. [Transformer] is a PyTorch program that keeps to it, for torchrun on GPUs.
//
// # Left out
//
// Convolutions and attention on the CPU; dropout; learning-rate schedules; training in less than 64 bits.
//
// Sources: Rumelhart, Hinton, Williams, Nature 323 (1986); Glorot and Bengio, AISTATS 2010; He et al., ICCV 2015; Kingma and
// Ba, ICLR 2015 (Adam); Han et al., NeurIPS 2015 (magnitude pruning); Jacob et al., CVPR 2018 (integer inference).
package train
