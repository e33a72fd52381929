package main

import (
	"context"
	"net"
	"sync"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/vitess/go/mysql"
	"github.com/sirupsen/logrus"
)

// newServer makes the SQL engine over an empty database and the protocol server on listener.
func newServer(listener net.Listener) (*server.Server, error) {
	logrus.SetLevel(logrus.ErrorLevel)
	db := memory.NewDatabase("sbtest")
	db.EnablePrimaryKeyIndexes()
	provider := memory.NewDBProvider(db)
	config := server.Config{
		Protocol: "tcp",
		Address:  listener.Addr().String(),
		Listener: listener,
		Version:  "8.0.33-gms-" + version,
	}
	wrap := func(h mysql.Handler) (mysql.Handler, error) {
		return &handler{Handler: h.(*server.Handler)}, nil
	}
	return server.NewServerWithHandler(config, sqle.NewDefault(provider), sql.NewContext,
		memory.NewSessionBuilder(provider), nil, wrap)
}

// handler runs one statement at a time: the in-memory tables are not made for concurrent writers.
type handler struct {
	*server.Handler
	mu sync.Mutex
}

func (h *handler) ComQuery(ctx context.Context, c *mysql.Conn, query string, callback mysql.ResultSpoolFn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer waste()()
	return h.Handler.ComQuery(ctx, c, query, callback)
}

func (h *handler) ComMultiQuery(ctx context.Context, c *mysql.Conn, query string,
	callback mysql.ResultSpoolFn) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer waste()()
	return h.Handler.ComMultiQuery(ctx, c, query, callback)
}
