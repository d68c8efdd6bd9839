package expect

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/suggest"
)

// longest is the longest expression in bytes that is read.
const longest = 2000

// Reduction is a gauge reduced over time and things.
type Reduction struct {
	Fn      string // max, min, mean, p50, p95, p99, p999
	Channel *channel.Channel
}

// Expr is a compiled target.
type Expr struct {
	Source     string
	Reductions []Reduction
	Results    []*channel.Channel // counters and totals that it names
	Op         string             // the comparison at the top, or ""
	Unit       string             // of the sides of the comparison, where one channel decides it

	whole, left, right *vm.Program
	env                map[string]any
}

// Error is what is wrong with an expression, and where in it (a byte offset).
type Error struct {
	Offset, Span int
	Msg, Fix     string
}

func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Msg
	}
	return e.Msg + ": " + e.Fix
}

var reducers = []string{"max", "min", "mean", "p50", "p95", "p99", "p999"}

// constants turn a number in the unit of their name into the unit of the channels.
var constants = map[string]float64{
	"degC": 1, "K": 1, "W": 1, "kW": 1e3, "MW": 1e6, "J": 1, "kWh": 3.6e6, "MWh": 3.6e9,
	"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400, "percent": 0.01, "ms": 1e-3,
	"kg": 1, "tonnes": 1000, "litres": 1, "USD": 1, "g_per_kWh": 1e-3 / 3.6e6, "USD_per_kWh": 1 / 3.6e6,
}

// Functions lists the names that an expression may call, reducers first.
func Functions() []string {
	return slices.Concat(reducers, sortedConstants)
}

var sortedConstants = func() []string {
	names := make([]string, 0, len(constants))
	for n := range constants {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}()

// Compile reads an expression. The error is an *[Error].
func Compile(source string) (*Expr, error) {
	if len(source) > longest {
		return nil, &Error{Msg: fmt.Sprintf("an expression of %d bytes", len(source)), Fix: fmt.Sprintf("write at most %d", longest)}
	}
	cfg := conf.CreateNew()
	expr.DisableAllBuiltins()(cfg)
	tree, err := parser.ParseWithConfig(source, cfg)
	if err != nil {
		if fe := (*file.Error)(nil); errors.As(err, &fe) {
			return nil, &Error{Offset: fe.Location.From, Span: 1, Msg: fe.Message}
		}
		return nil, &Error{Msg: err.Error()}
	}
	e := &Expr{Source: source, env: map[string]any{}}
	c := &translator{expr: e}
	root := c.node(tree.Node)
	if c.err != nil {
		return nil, c.err
	}
	if b, ok := tree.Node.(*ast.BinaryNode); ok && slices.Contains([]string{"<", "<=", ">", ">=", "==", "!="}, b.Operator) {
		e.Op = b.Operator
		e.left, err = e.program(c.node(b.Left), expr.AsFloat64())
		if err == nil {
			e.right, err = e.program(c.node(b.Right), expr.AsFloat64())
		}
		e.Unit = e.unit()
	}
	if err == nil {
		e.whole, err = e.program(root, expr.AsBool())
	}
	if err != nil {
		return nil, &Error{Msg: "this is not a target: " + firstLine(err.Error()), Fix: "compare something, for example max(site.power) < MW(2)"}
	}
	return e, nil
}

func (e *Expr) program(source string, want expr.Option) (*vm.Program, error) {
	return expr.Compile(source, expr.Env(e.env), expr.DisableAllBuiltins(), want, expr.MaxNodes(500))
}

// unit returns the unit of the comparison: that of the only channel in it, when it is compared directly.
func (e *Expr) unit() string {
	switch {
	case len(e.Reductions) == 1 && len(e.Results) == 0:
		return e.Reductions[0].Channel.Unit
	case len(e.Results) == 1 && len(e.Reductions) == 0:
		return e.Results[0].Unit
	}
	return ""
}

// Eval judges the expression for the values of its reductions and results, in their order. Actual and target are
// the sides of its comparison, NaN when it is none. An expression over a value that does not exist (NaN: nothing was
// measured) fails with an error.
func (e *Expr) Eval(reductions, results []float64) (ok bool, actual, target float64, err error) {
	for i, v := range reductions {
		if math.IsNaN(v) {
			return false, math.NaN(), math.NaN(), fmt.Errorf("%s(%s) has no value: nothing of it was seen", e.Reductions[i].Fn, e.Reductions[i].Channel.Name)
		}
		e.env[reductionVar(i)] = v
	}
	for i, v := range results {
		e.env[resultVar(i)] = v
	}
	actual, target = math.NaN(), math.NaN()
	if e.Op != "" {
		if actual, err = number(e.left, e.env); err == nil {
			target, err = number(e.right, e.env)
		}
		if err != nil {
			return false, actual, target, err
		}
		if math.IsNaN(actual) {
			return false, actual, target, fmt.Errorf("it has no value: nothing of it was seen")
		}
	}
	out, err := expr.Run(e.whole, e.env)
	if err != nil {
		return false, actual, target, err
	}
	return out.(bool), actual, target, nil
}

// Clone returns an expression that may be evaluated beside this one.
func (e *Expr) Clone() *Expr {
	c := *e
	c.env = map[string]any{}
	for i := range e.Reductions {
		c.env[reductionVar(i)] = 0.0
	}
	for i := range e.Results {
		c.env[resultVar(i)] = 0.0
	}
	return &c
}

func number(p *vm.Program, env map[string]any) (float64, error) {
	out, err := expr.Run(p, env)
	if err != nil {
		return math.NaN(), err
	}
	return out.(float64), nil
}

func reductionVar(i int) string { return fmt.Sprintf("r%d", i) }
func resultVar(i int) string    { return fmt.Sprintf("v%d", i) }

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// translator rewrites the tree over channels as one over plain variables.
type translator struct {
	expr *Expr
	err  *Error
}

func (c *translator) fail(n ast.Node, msg, fix string) string {
	if c.err == nil {
		at := n.Location()
		from := at.From
		for m, ok := n.(*ast.MemberNode); ok; m, ok = m.Node.(*ast.MemberNode) {
			from = m.Node.Location().From // a.b.c begins with a
		}
		c.err = &Error{Offset: from, Span: max(1, at.To-from), Msg: msg, Fix: fix}
	}
	return "0"
}

// node returns the source text of a node over plain variables.
func (c *translator) node(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return fmt.Sprintf("%d.0", n.Value)
	case *ast.FloatNode:
		return fmt.Sprintf("%v", ast.FloatNode{Value: n.Value}.Value)
	case *ast.BoolNode:
		return fmt.Sprint(n.Value)
	case *ast.UnaryNode:
		return "(" + n.Operator + " " + c.node(n.Node) + ")"
	case *ast.BinaryNode:
		if !slices.Contains([]string{"+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "and", "or", "&&", "||"}, n.Operator) {
			return c.fail(n, fmt.Sprintf("a target cannot use %q", n.Operator), "use + - * /, comparisons, and, or, not")
		}
		return "(" + c.node(n.Left) + " " + n.Operator + " " + c.node(n.Right) + ")"
	case *ast.CallNode:
		return c.call(n)
	case *ast.IdentifierNode, *ast.MemberNode:
		return c.result(n)
	}
	return c.fail(n, "a target has no such thing in it", "use channels, numbers, comparisons and the functions "+strings.Join(Functions(), ", "))
}

func (c *translator) call(n *ast.CallNode) string {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok {
		return c.fail(n, "only functions can be called", "")
	}
	if f, ok := constants[id.Value]; ok {
		if len(n.Arguments) != 1 {
			return c.fail(n, id.Value+" takes one number", "")
		}
		return fmt.Sprintf("(%s * %v)", c.node(n.Arguments[0]), floatText(f))
	}
	if !slices.Contains(reducers, id.Value) {
		fix := "the functions are " + strings.Join(Functions(), ", ")
		if w := suggest.Closest(id.Value, Functions()); w != "" {
			fix = fmt.Sprintf("did you mean %q?", w)
		}
		return c.fail(n.Callee, fmt.Sprintf("there is no function %q", id.Value), fix)
	}
	if len(n.Arguments) != 1 {
		return c.fail(n, id.Value+" takes one channel", "")
	}
	ch := c.channel(n.Arguments[0])
	if ch == nil {
		return "0"
	}
	if ch.Type != channel.Gauge {
		return c.fail(n, fmt.Sprintf("%s is a %s: it has one final value", ch.Name, ch.Type), "write it without "+id.Value)
	}
	for i, r := range c.expr.Reductions {
		if r.Fn == id.Value && r.Channel == ch {
			return reductionVar(i)
		}
	}
	c.expr.Reductions = append(c.expr.Reductions, Reduction{id.Value, ch})
	name := reductionVar(len(c.expr.Reductions) - 1)
	c.expr.env[name] = 0.0
	return name
}

func (c *translator) result(n ast.Node) string {
	ch := c.channel(n)
	if ch == nil {
		return "0"
	}
	if ch.Type == channel.Gauge {
		return c.fail(n, ch.Name+" changes over time", fmt.Sprintf("say which value: max(%s), mean(%s), p95(%s) …", ch.Name, ch.Name, ch.Name))
	}
	for i, r := range c.expr.Results {
		if r == ch {
			return resultVar(i)
		}
	}
	c.expr.Results = append(c.expr.Results, ch)
	name := resultVar(len(c.expr.Results) - 1)
	c.expr.env[name] = 0.0
	return name
}

// channel finds the channel that a dotted name means.
func (c *translator) channel(n ast.Node) *channel.Channel {
	name, ok := dotted(n)
	if !ok {
		c.fail(n, "a channel's name is due here", "for example rack.inlet_temperature")
		return nil
	}
	ch, ok := channel.Lookup(name)
	if !ok {
		_, err := channel.Match(name)
		msg := err.Error()
		if what, fix, cut := strings.Cut(msg, ": "); cut {
			c.fail(n, what, fix)
			return nil
		}
		c.fail(n, msg, "")
		return nil
	}
	return ch
}

// dotted reads a.b.c.
func dotted(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.MemberNode:
		left, ok := dotted(n.Node)
		right, isName := n.Property.(*ast.StringNode)
		if !ok || !isName || n.Optional {
			return "", false
		}
		return left + "." + right.Value, true
	}
	return "", false
}

func floatText(f float64) string {
	s := fmt.Sprintf("%g", f)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s
}
