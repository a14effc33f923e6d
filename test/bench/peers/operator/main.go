// Command operator does with controller-runtime what ../../operator.bench.ts does with karpenter-ts, and prints what it took as JSON.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Result has times in milliseconds since the start of the manager.
type Result struct {
	Objects      int64 `json:"objects"`
	SyncedMs     int64 `json:"syncedMs"`
	FinishedMs   int64 `json:"finishedMs"`
	CPUMs        int64 `json:"cpuMs"`
	RSSGrowthMiB int64 `json:"rssGrowthMiB"`
	Runs         int64 `json:"runs"`
}

func main() {
	// controller-runtime has a flag of its own for the kubeconfig.
	mode := flag.String("mode", "pods", "pods: every pod is run once, and nothing done; gadgets: every gadget gets its status")
	count := flag.Int64("count", 0, "how many there are")
	flag.Parse()
	result, err := run(*mode, *count)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(result)
}

func run(mode string, count int64) (*Result, error) {
	ctrl.SetLogger(logr.Discard())
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	// No limit of its own, as on the other side.
	config.QPS = -1
	scheme := runtime.NewScheme()
	_ = corev1.AddToScheme(scheme)
	addGadgets(scheme)
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, Metrics: server.Options{BindAddress: "0"}, HealthProbeBindAddress: "0",
		// The other side keeps none of these either.
		Cache: cache.Options{DefaultTransform: cache.TransformStripManagedFields()},
	})
	if err != nil {
		return nil, err
	}
	var kind client.Object = &corev1.Pod{}
	concurrency := 10
	if mode == "gadgets" {
		kind, concurrency = &Gadget{}, 32
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var runs, left atomic.Int64
	left.Store(count)
	finished := make(chan struct{})
	finish := func() {
		if left.Add(-1) == 0 {
			close(finished)
		}
	}
	api := manager.GetClient()
	reconciler := reconcile.Func(func(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
		runs.Add(1)
		if mode == "pods" {
			var pod corev1.Pod
			if err := api.Get(ctx, request.NamespacedName, &pod); err != nil {
				return reconcile.Result{}, client.IgnoreNotFound(err)
			}
			finish()
			return reconcile.Result{}, nil
		}
		var gadget Gadget
		if err := api.Get(ctx, request.NamespacedName, &gadget); err != nil {
			return reconcile.Result{}, client.IgnoreNotFound(err)
		}
		if gadget.Status != nil && gadget.Status.Size == gadget.Spec.Size {
			finish()
			return reconcile.Result{}, nil
		}
		gadget.Status = &sized{Size: gadget.Spec.Size}
		return reconcile.Result{}, api.Status().Update(ctx, &gadget)
	})
	err = ctrl.NewControllerManagedBy(manager).For(kind).WithOptions(controller.Options{MaxConcurrentReconciles: concurrency}).Complete(reconciler)
	if err != nil {
		return nil, err
	}
	before, cpu, begun := resident(), used(), time.Now()
	failed := make(chan error, 1)
	go func() { failed <- manager.Start(ctx) }()
	manager.GetCache().WaitForCacheSync(ctx)
	result := &Result{Objects: count}
	if _, err := manager.GetCache().GetInformer(ctx, kind); err != nil {
		return nil, err
	}
	result.SyncedMs = time.Since(begun).Milliseconds()
	select {
	case <-finished:
	case err := <-failed:
		return nil, fmt.Errorf("the manager ended: %w", err)
	}
	result.FinishedMs = time.Since(begun).Milliseconds()
	result.CPUMs, result.RSSGrowthMiB, result.Runs = used()-cpu, resident()-before, runs.Load()
	return result, nil
}

// used is the CPU time of the process in milliseconds.
func used() int64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return (usage.Utime.Nano() + usage.Stime.Nano()) / 1e6
}

// resident is the memory of the process in MiB.
func resident() int64 {
	text, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize()) >> 20
}
