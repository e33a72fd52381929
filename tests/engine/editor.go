package main

import (
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/types"
)

// editor changes rows for one statement, and takes the changes back if the statement fails.
type editor struct {
	table *table
	undo  []change
}

// change is one row that went out of the table, or came in, or both.
type change struct{ removed, added sql.Row }

var (
	_ sql.TableEditor         = (*editor)(nil)
	_ sql.AutoIncrementSetter = (*editor)(nil)
)

func (e *editor) StatementBegin(*sql.Context) { e.undo = e.undo[:0] }

func (e *editor) DiscardChanges(_ *sql.Context, cause error) error {
	if _, ignore := cause.(sql.IgnorableError); ignore {
		return nil
	}
	takeBack(e.table, e.undo)
	e.undo = e.undo[:0]
	return nil
}

func (e *editor) StatementComplete(ctx *sql.Context) error {
	ctx.Session.(*session).keep(e.table, e.undo)
	e.undo = e.undo[:0]
	return nil
}

func (e *editor) Close(*sql.Context) error { return nil }

func (e *editor) Insert(ctx *sql.Context, row sql.Row) error {
	if err := e.check(row); err != nil {
		return err
	}
	e.apply(nil, row)
	return e.advanceAuto(ctx, row)
}

func (e *editor) Delete(_ *sql.Context, row sql.Row) error {
	old := e.table.indexes[0].find(row)
	if old == nil {
		return sql.ErrDeleteRowNotFound.New()
	}
	e.apply(old, nil)
	return nil
}

func (e *editor) Update(_ *sql.Context, before, after sql.Row) error {
	old := e.table.indexes[0].find(before)
	if old == nil {
		return sql.ErrDeleteRowNotFound.New()
	}
	e.table.replace(old, nil)
	if err := e.check(after); err != nil {
		e.table.replace(nil, old)
		return err
	}
	e.table.replace(nil, after)
	e.undo = append(e.undo, change{removed: old, added: after})
	return nil
}

// check returns an error if another row has the key of row in a unique index.
func (e *editor) check(row sql.Row) error {
	for i, x := range e.table.indexes {
		if other := x.conflict(row); other != nil {
			return sql.NewUniqueKeyErr(x.describe(row), i == 0, other)
		}
	}
	return nil
}

func (e *editor) apply(removed, added sql.Row) {
	e.table.replace(removed, added)
	e.undo = append(e.undo, change{removed: removed, added: added})
}

// takeBack undoes changes to a table, the last one first.
func takeBack(t *table, changes []change) {
	for i := len(changes) - 1; i >= 0; i-- {
		t.replace(changes[i].added, changes[i].removed)
	}
}

// replace takes one row out of every index and puts another in; either may be nil.
func (t *table) replace(removed, added sql.Row) {
	for _, x := range t.indexes {
		if removed != nil {
			x.remove(removed)
		}
		if added != nil {
			x.add(added)
		}
	}
}

// advanceAuto moves the AUTO_INCREMENT sequence past the value of an inserted row.
func (e *editor) advanceAuto(ctx *sql.Context, row sql.Row) error {
	t := e.table
	if t.autoIndex < 0 {
		return nil
	}
	v, inRange, err := types.Uint64.Convert(ctx, row[t.autoIndex])
	if err != nil || inRange != sql.InRange {
		return err
	}
	t.autoNext = max(t.autoNext, v.(uint64)+1)
	return nil
}

func (e *editor) SetAutoIncrementValue(_ *sql.Context, value uint64) error {
	e.table.autoNext = value
	return nil
}

// AcquireAutoIncrementLock has nothing to do: statements that insert run alone.
func (e *editor) AcquireAutoIncrementLock(*sql.Context) (func(), error) { return func() {}, nil }
