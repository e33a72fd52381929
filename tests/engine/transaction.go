package main

import (
	"strings"
	"sync"

	"github.com/dolthub/go-mysql-server/sql"
)

// transactions lets statements that only read run side by side and those that write alone. A transaction keeps the right
// to write from its first change to its end, so that nobody reads or overwrites what it may still take back.
type transactions struct {
	rows   sync.RWMutex
	mu     sync.Mutex
	open   map[uint32]*transaction // by connection
	closed bool                    // there are to be no further connections
}

// transaction is the state of one connection. Only that connection's statements use it, one after the other.
type transaction struct {
	active  bool // between BEGIN and COMMIT
	writing bool // holds the right to write
	undo    []undone
}

// undone is what one statement did to one table.
type undone struct {
	table   *table
	changes []change
}

func newTransactions() *transactions { return &transactions{open: map[uint32]*transaction{}} }

// begin makes the state of a new connection, unless there are to be none.
func (ts *transactions) begin(connection uint32) bool {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if !ts.closed {
		ts.open[connection] = &transaction{}
	}
	return !ts.closed
}

// close lets no further connection begin, and returns those that there are.
func (ts *transactions) close() []uint32 {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.closed = true
	connections := make([]uint32, 0, len(ts.open))
	for connection := range ts.open {
		connections = append(connections, connection)
	}
	return connections
}

// of returns the state of a connection.
func (ts *transactions) of(connection uint32) *transaction {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	tx := ts.open[connection]
	if tx == nil {
		tx = &transaction{}
		ts.open[connection] = tx
	}
	return tx
}

// forget ends a connection: what it did not commit is taken back.
func (ts *transactions) forget(connection uint32) {
	ts.end(ts.of(connection), false)
	ts.mu.Lock()
	defer ts.mu.Unlock()
	delete(ts.open, connection)
}

// enter waits until a statement may run; what it returns is called when the statement has ended.
func (ts *transactions) enter(tx *transaction, query string) func() {
	kind := classify(query)
	switch {
	case kind == begins:
		ts.end(tx, true)
		tx.active = true
		return func() {}
	case kind == commits || kind == rollsBack:
		return func() { ts.end(tx, kind == commits) }
	case tx.writing && kind == defines:
		return func() { ts.end(tx, true) }
	case tx.writing:
		return func() {}
	case kind == reads:
		ts.rows.RLock()
		return ts.rows.RUnlock
	}
	ts.rows.Lock()
	tx.writing = true
	if tx.active && kind != defines {
		return func() {}
	}
	return func() { ts.end(tx, true) }
}

// end commits or takes back, and gives up the right to write.
func (ts *transactions) end(tx *transaction, commit bool) {
	for i := len(tx.undo) - 1; i >= 0 && !commit; i-- {
		takeBack(tx.undo[i].table, tx.undo[i].changes)
	}
	tx.undo = nil
	tx.active = false
	if tx.writing {
		tx.writing = false
		ts.rows.Unlock()
	}
}

// session is a connection's session: the SQL engine's, and the transaction to which its changes belong.
type session struct {
	*sql.BaseSession
	tx *transaction
}

// keep remembers changes that a statement has made, in case its transaction is rolled back.
func (s *session) keep(t *table, changes []change) {
	if s.tx.active && len(changes) > 0 {
		s.tx.undo = append(s.tx.undo, undone{t, append([]change(nil), changes...)})
	}
}

// kind is what a statement needs.
type kind int

const (
	writes kind = iota // also whatever is not known
	reads
	begins
	commits
	rollsBack
	defines // changes tables themselves, and commits like MySQL's DDL
)

// classify looks at the first word, and for FOR UPDATE at the end. Several statements at once count as writing, whatever they are.
func classify(query string) kind {
	query = strings.Trim(query, "; \t\r\n")
	if strings.ContainsRune(query, ';') {
		return writes
	}
	word := query
	if end := strings.IndexAny(query, " \t\r\n("); end >= 0 {
		word = query[:end]
	}
	word = strings.ToUpper(word)
	if word == "SELECT" && strings.HasSuffix(strings.ToUpper(query), "FOR UPDATE") {
		return writes // what it reads must not change before its transaction ends
	}
	switch word {
	case "SELECT", "SHOW", "SET", "USE", "EXPLAIN", "DESCRIBE":
		return reads
	case "BEGIN", "START":
		return begins
	case "COMMIT":
		return commits
	case "ROLLBACK":
		return rollsBack
	case "CREATE", "DROP", "ALTER", "RENAME", "TRUNCATE":
		return defines
	}
	return writes
}
