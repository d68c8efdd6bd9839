// Package action is the one vocabulary in which anything outside the physics acts on a world: today the timeline of
// a scenario; a person at a viewer, a live cluster or hardware in the loop would use the same words.
//
// An action is plain data. A run writes the actions it got, with where they came from, to its action log, so that
// a session can be replayed from its scenario and its log. A line of the log ([Action.Line]) is an entry of a
// timeline, so that it can be pasted into a scenario as it stands.
//
// What a Set can change is registered here ([Settings]); set points are the words of the cooling model.
package action
