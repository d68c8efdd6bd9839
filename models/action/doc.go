// Package action is the one vocabulary in which anything outside the physics acts on a world: the timeline of a
// scenario, a person at the visualizer, a live cluster, hardware in the loop, and the failure processes.
//
// An action is plain data. A run writes the actions it got, with where they came from, to its action log, so that
// a session can be replayed from its scenario and its log. A line of the log ([Action.Line]) is an entry of a
// timeline, so that it can be pasted into a scenario as it stands.
//
// What a Set can change is registered here ([Settings]); set points are the words of the cooling model.
package action
