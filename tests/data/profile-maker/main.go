// Writes the small CPU profiles of tests/data: `go run main.go a.pprof b.pprof`. Two stacks with inlined frames and a
// label, so that a few kilobytes hold every message of profile.proto that Go's runtime writes.
package main

import (
	"context"
	"log"
	"os"
	"runtime/pprof"
	"time"
)

var sink uint64

func mix(x uint64) uint64 { return x*0x9e3779b97f4a7c15 ^ x>>29 }

//go:noinline
func scan(rounds int) {
	for i := 0; i < rounds; i++ {
		sink = mix(sink + uint64(i))
	}
}

//go:noinline
func insert(rounds int) {
	for i := 0; i < rounds; i++ {
		sink ^= mix(mix(sink) + uint64(i))
	}
}

func profile(path string) {
	f, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		log.Fatal(err)
	}
	pprof.Do(context.Background(), pprof.Labels("test", "oltp_read_only"), func(context.Context) {
		for end := time.Now().Add(300 * time.Millisecond); time.Now().Before(end); {
			scan(100000)
		}
	})
	for end := time.Now().Add(200 * time.Millisecond); time.Now().Before(end); {
		insert(100000)
	}
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func main() {
	for _, path := range os.Args[1:] {
		profile(path)
	}
}
