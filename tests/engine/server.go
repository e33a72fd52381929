package main

import (
	"context"
	"errors"
	"net"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/sqltypes"
	querypb "github.com/dolthub/vitess/go/vt/proto/query"
	"github.com/sirupsen/logrus"
)

// service is the protocol server over the database.
type service struct {
	*server.Server
	transactions *transactions
	store        *store // nil: the tables are lost at the end
}

// newService makes the SQL engine over an empty database, or that of a folder, and the protocol server on listener.
func newService(listener net.Listener, dataDir string) (*service, error) {
	logrus.SetLevel(logrus.ErrorLevel)
	db := newDatabase("sbtest")
	engine := sqle.NewDefault(sql.NewDatabaseProvider(db))
	ts := newTransactions()
	s := &service{transactions: ts}
	if dataDir != "" {
		var err error
		if s.store, err = openStore(dataDir, db, engine); err != nil {
			return nil, err
		}
	}
	config := server.Config{
		Protocol: "tcp",
		Address:  listener.Addr().String(),
		Listener: listener,
		Version:  "8.0.33-gms-" + version,
	}
	wrap := func(h mysql.Handler) (mysql.Handler, error) {
		return &handler{h.(*server.Handler), ts}, nil
	}
	newSession := func(_ context.Context, c *mysql.Conn, addr string) (sql.Session, error) {
		client := sql.Client{Address: addr, User: c.User, Capabilities: c.Capabilities}
		return &session{sql.NewBaseSessionWithClientServer(addr, client, c.ConnectionID), ts.of(c.ConnectionID)}, nil
	}
	var err error
	s.Server, err = server.NewServerWithHandler(config, engine, sql.NewContext, newSession, nil, wrap)
	return s, err
}

// stop accepts no more connections. Where the tables are kept, it ends those that there are: what they have not committed
// is taken back.
func (s *service) stop() error {
	err := s.Close()
	if s.store == nil {
		return err
	}
	for _, connection := range s.transactions.close() {
		err = errors.Join(err, s.SessionManager().KillConnection(connection))
	}
	s.transactions.rows.Lock() // for good: no statement runs any more
	return errors.Join(err, s.store.save())
}

// handler passes statements to the SQL engine when their turn has come.
type handler struct {
	*server.Handler
	transactions *transactions
}

func (h *handler) enter(c *mysql.Conn, query string) func() {
	return h.transactions.enter(h.transactions.of(c.ConnectionID), query)
}

func (h *handler) NewConnection(c *mysql.Conn) {
	h.Handler.NewConnection(c)
	if !h.transactions.begin(c.ConnectionID) {
		c.Close()
	}
}

func (h *handler) ConnectionClosed(c *mysql.Conn) {
	h.transactions.forget(c.ConnectionID)
	h.Handler.ConnectionClosed(c)
}

func (h *handler) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	defer h.enter(c, query)()
	defer waste()()
	return h.Handler.ComQuery(ctx, c, query, callback)
}

func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string,
	callback mysql.ResultSpoolFn) (string, error) {
	defer h.enter(c, query)()
	defer waste()()
	return h.Handler.ComMultiQuery(ctx, c, query, callback)
}

func (h *handler) ComPrepare(ctx context.Context, c *mysql.Conn, query string,
	prepare *mysql.PrepareData) ([]*querypb.Field, error) {
	defer h.enter(c, "SELECT")() // preparing only looks at tables
	return h.Handler.ComPrepare(ctx, c, query, prepare)
}

func (h *handler) ComStmtExecute(ctx context.Context, c *mysql.Conn, prepare *mysql.PrepareData,
	callback func(*sqltypes.Result) error) error {
	defer h.enter(c, prepare.PrepareStmt)()
	defer waste()()
	return h.Handler.ComStmtExecute(ctx, c, prepare, callback)
}
