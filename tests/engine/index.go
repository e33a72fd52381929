package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/google/btree"
)

// treeDegree is the number of children of an inner node, halved: nodes of some 64 entries search fast and split rarely.
const treeDegree = 32

// index keeps the rows of a table in the order of some columns. Secondary indexes append the primary key, so that every
// entry is unique.
type index struct {
	table    *table
	name     string
	unique   bool
	declared int   // how many of columns the index was declared with
	columns  []int // positions in the row: declared ones, then the rest of the primary key
	types    []sql.Type
	tree     *btree.BTreeG[entry]
}

// entry is a row under its key. A key that is shorter than the index's columns sorts before all that begin with it.
type entry struct {
	key []interface{}
	row sql.Row
}

var (
	_ sql.Index         = (*index)(nil)
	_ sql.ExtendedIndex = (*index)(nil)
	_ sql.OrderedIndex  = (*index)(nil)
)

func newIndex(t *table, name string, columns []int, unique bool) *index {
	x := &index{table: t, name: name, unique: unique, declared: len(columns)}
	x.columns = append(x.columns, columns...)
	for _, ordinal := range t.schema.PkOrdinals {
		if !contains(x.columns, ordinal) {
			x.columns = append(x.columns, ordinal)
		}
	}
	for _, c := range x.columns {
		x.types = append(x.types, t.schema.Schema[c].Type)
	}
	x.tree = btree.NewG(treeDegree, func(a, b entry) bool { return x.compare(a.key, b.key) < 0 })
	return x
}

func contains(list []int, v int) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func (x *index) key(row sql.Row) []interface{} {
	key := make([]interface{}, len(x.columns))
	for i, c := range x.columns {
		key[i] = row[c]
	}
	return key
}

func (x *index) compare(a, b []interface{}) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if c := compareValues(x.types[i], a[i], b[i]); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

// compareValues orders two values of one column: NULL first, then as the type says.
func compareValues(t sql.Type, a, b interface{}) int {
	if a == nil || b == nil {
		switch {
		case a == b:
			return 0
		case a == nil:
			return -1
		}
		return 1
	}
	if l, ok := a.(int32); ok {
		if r, ok := b.(int32); ok {
			switch {
			case l < r:
				return -1
			case l > r:
				return 1
			}
			return 0
		}
	}
	c, err := t.Compare(context.Background(), a, b)
	if err != nil {
		// Stored values were converted to the column's type before, so only a foreign bound can fail to compare.
		return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}
	return c
}

func (x *index) add(row sql.Row)    { x.tree.ReplaceOrInsert(entry{x.key(row), row}) }
func (x *index) remove(row sql.Row) { x.tree.Delete(entry{key: x.key(row)}) }

// find returns the stored row with the key of row, or nil.
func (x *index) find(row sql.Row) sql.Row {
	e, _ := x.tree.Get(entry{key: x.key(row)})
	return e.row
}

// conflict returns the row that forbids row in a unique index, or nil. NULLs never conflict.
func (x *index) conflict(row sql.Row) sql.Row {
	if !x.unique {
		return nil
	}
	prefix := x.key(row)[:x.declared]
	for _, v := range prefix {
		if v == nil {
			return nil
		}
	}
	var found sql.Row
	x.tree.AscendGreaterOrEqual(entry{key: prefix}, func(e entry) bool {
		if x.compare(e.key[:x.declared], prefix) == 0 {
			found = e.row
		}
		return false
	})
	return found
}

// describe is the declared key of row, for messages.
func (x *index) describe(row sql.Row) string { return fmt.Sprint(x.key(row)[:x.declared]) }

// all returns the rows in the order of the index.
func (x *index) all() []sql.Row {
	rows := make([]sql.Row, 0, x.tree.Len())
	x.tree.Ascend(func(e entry) bool {
		rows = append(rows, e.row)
		return true
	})
	return rows
}

// lookup returns the rows inside any of the ranges, which do not overlap, range by range.
func (x *index) lookup(ranges sql.MySQLRangeCollection, reverse bool) ([]sql.Row, error) {
	var rows []sql.Row
	for _, r := range ranges {
		first := len(rows)
		rows = x.scan(rows, r)
		if reverse {
			for i, j := first, len(rows)-1; i < j; i, j = i+1, j-1 {
				rows[i], rows[j] = rows[j], rows[i]
			}
		}
	}
	return rows, nil
}

// scan appends the rows inside one range, which gives a lower and an upper cut for each of the leading columns.
func (x *index) scan(rows []sql.Row, r sql.MySQLRange) []sql.Row {
	if len(r) == 0 {
		return append(rows, x.all()...)
	}
	start, points := x.start(r)
	visit := func(e entry) bool {
		for i := range r {
			if !belowUpper(x.types[i], e.key[i], r[i].UpperBound) {
				return i > points // past the end of the first column that can differ nothing follows
			}
			if !aboveLower(x.types[i], e.key[i], r[i].LowerBound) {
				return true
			}
		}
		rows = append(rows, e.row)
		return true
	}
	x.tree.AscendGreaterOrEqual(entry{key: start}, visit)
	return rows
}

// start returns the key at which a scan begins, and how many of the leading columns have one value only.
func (x *index) start(r sql.MySQLRange) (key []interface{}, points int) {
	for i := range r {
		var lower interface{}
		switch cut := r[i].LowerBound.(type) {
		case sql.Below:
			lower = cut.Key
		case sql.Above:
			lower = cut.Key
		default:
			return key, points
		}
		key = append(key, lower)
		_, closed := r[i].LowerBound.(sql.Below)
		upper, ok := r[i].UpperBound.(sql.Above)
		if !closed || !ok || compareValues(x.types[i], lower, upper.Key) != 0 {
			return key, points
		}
		points++
	}
	return key, points
}

// aboveLower tells whether a value lies above the lower cut of a range. No value but NULL lies below AboveNull.
func aboveLower(t sql.Type, v interface{}, cut sql.MySQLRangeCut) bool {
	switch cut := cut.(type) {
	case sql.Below:
		return compareValues(t, v, cut.Key) >= 0
	case sql.Above:
		return compareValues(t, v, cut.Key) > 0
	case sql.AboveNull:
		return v != nil
	case sql.BelowNull:
		return true
	}
	return false
}

// belowUpper tells whether a value lies below the upper cut of a range.
func belowUpper(t sql.Type, v interface{}, cut sql.MySQLRangeCut) bool {
	switch cut := cut.(type) {
	case sql.Below:
		return compareValues(t, v, cut.Key) < 0
	case sql.Above:
		return compareValues(t, v, cut.Key) <= 0
	case sql.AboveNull:
		return v == nil
	case sql.AboveAll:
		return true
	}
	return false
}

func (x *index) ID() string                                 { return x.name }
func (x *index) Database() string                           { return x.table.database }
func (x *index) Table() string                              { return x.table.name }
func (x *index) IsUnique() bool                             { return x.unique }
func (x *index) IsSpatial() bool                            { return false }
func (x *index) IsFullText() bool                           { return false }
func (x *index) IsVector() bool                             { return false }
func (x *index) IsGenerated() bool                          { return false }
func (x *index) Comment() string                            { return "" }
func (x *index) IndexType() string                          { return "BTREE" }
func (x *index) PrefixLengths() []uint16                    { return nil }
func (x *index) Order() sql.IndexOrder                      { return sql.IndexOrderAsc }
func (x *index) Reversible() bool                           { return true }
func (x *index) CanSupportOrderBy(sql.Expression) bool      { return false }
func (x *index) Expressions() []string                      { return x.expressions(x.declared) }
func (x *index) ExtendedExpressions() []string              { return x.expressions(len(x.columns)) }
func (x *index) CanSupport(*sql.Context, ...sql.Range) bool { return true }

func (x *index) ColumnExpressionTypes() []sql.ColumnExpressionType {
	return x.expressionTypes(x.declared)
}

func (x *index) ExtendedColumnExpressionTypes() []sql.ColumnExpressionType {
	return x.expressionTypes(len(x.columns))
}

func (x *index) expressions(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = x.table.name + "." + x.table.schema.Schema[x.columns[i]].Name
	}
	return list
}

func (x *index) expressionTypes(n int) []sql.ColumnExpressionType {
	list := make([]sql.ColumnExpressionType, n)
	for i, name := range x.expressions(n) {
		list[i] = sql.ColumnExpressionType{Expression: name, Type: x.types[i]}
	}
	return list
}
