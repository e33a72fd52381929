// Writes profiles of every kind that Go's runtime has to the folder that is named:
// cpu.pprof (with labels), heap, allocs, mutex, block, goroutine and threadcreate.
package main

import (
	"context"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"

	"example.com/profiles/work"
)

func cpuTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// burn uses two seconds of CPU, however busy the machine is: some 200 samples.
func burn() {
	for end := cpuTime() + 2*time.Second; cpuTime() < end; {
		work.Scan(20)
		work.Sort(20000)
	}
}

func cpu(path string) {
	f, err := os.Create(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		log.Fatal(err)
	}
	pprof.Do(context.Background(), pprof.Labels("test", "scan", "Größe", "20\t000"), func(context.Context) { burn() })
	pprof.StopCPUProfile()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

var kept [][]byte

// contend makes two goroutines wait for each other, by a mutex and by a channel.
func contend() {
	var mutex sync.Mutex
	var group sync.WaitGroup
	turns := make(chan int)
	for g := 0; g < 2; g++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < 50; i++ {
				mutex.Lock()
				time.Sleep(100 * time.Microsecond)
				mutex.Unlock()
			}
		}()
	}
	go func() {
		for i := 0; i < 50; i++ {
			turns <- i
		}
		close(turns)
	}()
	for range turns {
		kept = append(kept, make([]byte, 100000))
	}
	group.Wait()
}

func write(folder, name string) {
	f, err := os.Create(filepath.Join(folder, name+".pprof"))
	if err != nil {
		log.Fatal(err)
	}
	if err := pprof.Lookup(name).WriteTo(f, 0); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder := os.Args[1]
	runtime.SetMutexProfileFraction(1)
	runtime.SetBlockProfileRate(1)
	cpu(filepath.Join(folder, "cpu.pprof"))
	contend()
	stop := make(chan bool)
	go func() { <-stop }()
	runtime.Gosched()
	for _, name := range []string{"heap", "allocs", "mutex", "block", "goroutine", "threadcreate"} {
		write(folder, name)
	}
	close(stop)
}
