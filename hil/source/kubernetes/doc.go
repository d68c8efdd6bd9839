// Package kubernetes follows the pods and nodes of a Kubernetes cluster through its API server.
//
// Both are listed, in pages, and then watched; what changes is known at once, and nothing is asked again. A watch that ends is
// resumed where it was; one that is too old (410) or was cut off begins with a list anew, and what came and went meanwhile shows
// as far as the cluster still knows it. While either is away the source is at fault and nothing is concluded.
//
// A pod that asks for GPUs (nvidia.com/gpu, amd.com/gpu) is a job of one part; others are not shown. It runs from the moment that it is
// bound to a node, for it holds its GPUs then; one that is deleted before it is over was cancelled. Its user is the namespace, its
// queue that of Kueue or else its priority class. A node is down unless it is Ready, and drained while it is cordoned.
//
// # Who asks
//
// [Config] comes from a kubeconfig (the current context: server, certificate authority, token, token file or client certificate) or, in a
// pod, from its service account. It needs the verbs list and watch on pods and nodes, nothing else. Plugins that fetch credentials
// (exec) are left out: make a token (kubectl create token), or go through kubectl proxy. A token is sent over https only, but on
// this machine.
//
// Kubernetes API concepts (efficient detection of changes); core/v1.
package kubernetes
