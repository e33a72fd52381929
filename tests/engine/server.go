package main

import (
	"context"
	"net"
	"strings"
	"sync"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	"github.com/sirupsen/logrus"
)

// newServer makes the SQL engine over an empty database and the protocol server on listener.
func newServer(listener net.Listener) (*server.Server, error) {
	logrus.SetLevel(logrus.ErrorLevel)
	engine := sqle.NewDefault(sql.NewDatabaseProvider(newDatabase("sbtest")))
	config := server.Config{
		Protocol: "tcp",
		Address:  listener.Addr().String(),
		Listener: listener,
		Version:  "8.0.33-gms-" + version,
	}
	wrap := func(h mysql.Handler) (mysql.Handler, error) {
		return &handler{Handler: h.(*server.Handler)}, nil
	}
	return server.NewServerWithHandler(config, engine, sql.NewContext, newSession, nil, wrap)
}

// newSession makes a connection's session. It knows no transactions: every statement commits itself, and BEGIN, COMMIT
// and ROLLBACK do nothing.
func newSession(_ context.Context, c *mysql.Conn, addr string) (sql.Session, error) {
	client := sql.Client{Address: addr, User: c.User, Capabilities: c.Capabilities}
	return sql.NewBaseSessionWithClientServer(addr, client, c.ConnectionID), nil
}

// handler lets statements that only read run side by side, and every other one alone.
type handler struct {
	*server.Handler
	mu sync.RWMutex
}

func (h *handler) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	defer h.lock(query)()
	defer waste()()
	return h.Handler.ComQuery(ctx, c, query, callback)
}

func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string,
	callback mysql.ResultSpoolFn) (string, error) {
	defer h.lock(query)()
	defer waste()()
	return h.Handler.ComMultiQuery(ctx, c, query, callback)
}

func (h *handler) ComPrepare(ctx context.Context, c *mysql.Conn, query string,
	prepare *mysql.PrepareData) ([]*querypb.Field, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.Handler.ComPrepare(ctx, c, query, prepare)
}

func (h *handler) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData,
	callback func(*sqltypes.Result) error) error {
	defer h.lock(prepare.PrepareStmt)()
	defer waste()()
	return h.Handler.ComStmtExecute(ctx, c, prepare, callback)
}

// lock takes the lock that a statement needs and returns what gives it back.
func (h *handler) lock(query string) func() {
	if readsOnly(query) {
		h.mu.RLock()
		return h.mu.RUnlock
	}
	h.mu.Lock()
	return h.mu.Unlock
}

// readsOnly looks at the first word alone; what it does not know counts as a change. Functions that change data do not
// exist here, and several statements at once end the claim at the first semicolon.
func readsOnly(query string) bool {
	query = strings.TrimSpace(query)
	if strings.ContainsRune(strings.TrimRight(query, "; \t\r\n"), ';') {
		return false
	}
	word, _, _ := strings.Cut(query, " ")
	switch strings.ToUpper(word) {
	case "SELECT", "SHOW", "BEGIN", "COMMIT", "ROLLBACK", "SET", "USE":
		return true
	}
	return false
}
