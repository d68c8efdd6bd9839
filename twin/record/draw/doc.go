// Package draw is what reports look like: one style sheet, signs, and the small set of SVG marks that figures are made of.
//
// Colours are classes, so that the style sheet decides them, in light, dark and print. Drawings are text: a report is one
// file that needs nothing else.
package draw
