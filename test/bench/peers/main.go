// Measures Karpenter's own scheduler on a case file of karpenter-ts, as any consumer of its Go module could: prints one JSON object.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"slices"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	clientevents "k8s.io/client-go/tools/record"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/events"
	"sigs.k8s.io/karpenter/pkg/operator/injection"
	"sigs.k8s.io/karpenter/pkg/operator/logging"
	"sigs.k8s.io/karpenter/pkg/operator/options"
	"sigs.k8s.io/karpenter/pkg/utils/daemonset"
	nodepoolutils "sigs.k8s.io/karpenter/pkg/utils/nodepool"
)

// Goroutines that look at planned nodes side by side, as in Karpenter's own benchmark; its provisioner takes one for each CPU that it requests.
const concurrency = 5

// report is what is printed. Times are the median of the runs.
type report struct {
	Pods          int     `json:"pods"`
	Finished      bool    `json:"finished"`
	Nodes         int     `json:"nodes"`
	Unschedulable int     `json:"unschedulable"`
	Price         float64 `json:"price"`
	// SetupMs is the time to build the topology and the scheduler; it is not in the other times.
	SetupMs       float64 `json:"setupMs"`
	SolveMs       float64 `json:"solveMs"`
	PodsPerSecond int     `json:"podsPerSecond"`
	PeakRssMiB    int64   `json:"peakRssMiB"`
	Runs          int     `json:"runs"`
	GOMAXPROCS    int     `json:"gomaxprocs"`
}

type run struct {
	setup, solve time.Duration
	results      scheduling.Results
	finished     bool
}

func main() {
	runs := flag.Int("runs", 3, "runs to take the median of, after one that warms up")
	limit := flag.Duration("limit", 120*time.Second, "longest time for one solve")
	budget := flag.Duration("budget", 30*time.Second, "no further run is started after this long; a first run that is longer counts")
	answer := flag.String("answer", "", "file to write the answer to, in the format of `karpenter-ts plan -o json`")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: peers [-runs N] [-limit DURATION] [-budget DURATION] [-answer FILE] CASE.json")
		os.Exit(2)
	}
	log.SetLogger(logging.NopLogger)
	question, err := readCase(flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := measure(question, *runs, *limit, *budget, *answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func measure(question *caseFile, runs int, limit, budget time.Duration, answer string) error {
	defaults := &options.Options{}
	defaults.CPURequests = 1000
	ctx := options.ToContext(injection.WithControllerName(context.Background(), "provisioner"), defaults)
	cluster, client, err := newCluster(ctx, question)
	if err != nil {
		return err
	}
	started := time.Now()
	var done []run
	for len(done) <= runs && (len(done) == 0 || time.Since(started) < budget) {
		next, err := solve(ctx, question, cluster, client, limit)
		if err != nil {
			return err
		}
		done = append(done, next)
	}
	if len(done) > 1 {
		done = done[1:]
	}
	slices.SortFunc(done, func(a, b run) int { return int(a.solve - b.solve) })
	middle := done[len(done)/2]
	nodes, placed, price := outcome(middle.results)
	if answer != "" && middle.finished {
		if err := writeAnswer(answer, middle.results); err != nil {
			return err
		}
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return err
	}
	pods := len(question.pending)
	considered := pods
	if !middle.finished {
		considered = placed
	}
	return json.NewEncoder(os.Stdout).Encode(report{
		Pods: pods, Finished: middle.finished, Nodes: nodes, Unschedulable: len(middle.results.PodErrors), Price: price,
		SetupMs: milliseconds(middle.setup), SolveMs: milliseconds(middle.solve), PodsPerSecond: int(float64(considered) / middle.solve.Seconds()),
		PeakRssMiB: usage.Maxrss / 1024, Runs: len(done), GOMAXPROCS: runtime.GOMAXPROCS(0),
	})
}

func milliseconds(duration time.Duration) float64 { return float64(duration.Microseconds()) / 1000 }

// newCluster fills Karpenter's state of the cluster with the objects of the case, in the way its informers would.
func newCluster(ctx context.Context, question *caseFile) (*state.Cluster, *memoryClient, error) {
	client := newMemoryClient(question.objects)
	cluster := state.NewCluster(&clock.RealClock{}, client, &catalogueProvider{question: question})
	for _, nodeClaim := range question.nodeClaims {
		cluster.UpdateNodeClaim(nodeClaim)
	}
	for _, node := range question.nodes {
		if err := cluster.UpdateNode(ctx, node); err != nil {
			return nil, nil, err
		}
	}
	for _, pod := range question.bound {
		if err := cluster.UpdatePod(ctx, pod); err != nil {
			return nil, nil, err
		}
	}
	return cluster, client, nil
}

// solve does what the provisioner does for a batch: a scheduler of its own, and one Solve.
func solve(ctx context.Context, question *caseFile, cluster *state.Cluster, client *memoryClient, limit time.Duration) (run, error) {
	runtime.GC()
	schedulerOptions := []scheduling.Options{
		scheduling.DisableReservedCapacityFallback, scheduling.NumConcurrentReconciles(concurrency), scheduling.MinValuesPolicy(options.MinValuesPolicyStrict),
	}
	if question.ignorePreferences {
		schedulerOptions = append(schedulerOptions, scheduling.IgnorePreferences)
	}
	started := time.Now()
	pools := slices.Clone(question.nodePools)
	nodepoolutils.OrderByWeight(pools)
	nodes := cluster.DeepCopyNodes().Active()
	topology, err := scheduling.NewTopology(ctx, client, cluster, nodes, pools, question.instanceTypes, question.pending, schedulerOptions...)
	if err != nil {
		return run{}, err
	}
	var daemons []*corev1.Pod
	for _, daemonSet := range question.daemonSets {
		daemons = append(daemons, daemonset.PodForDaemonSet(daemonSet))
	}
	scheduler := scheduling.NewScheduler(ctx, client, pools, cluster, nodes, topology, question.instanceTypes, daemons,
		events.NewRecorder(&clientevents.FakeRecorder{}), &clock.RealClock{}, nil, nil, schedulerOptions...)
	ready := time.Now()
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	results, err := scheduler.Solve(limited, question.pending)
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return run{}, err
	}
	return run{setup: ready.Sub(started), solve: time.Since(ready), results: results, finished: err == nil}, nil
}

// outcome says how many nodes are new, how many pods have a place, and what the new nodes cost when each is bought as cheaply as it can be.
func outcome(results scheduling.Results) (nodes, placed int, price float64) {
	for _, claim := range results.NewNodeClaims {
		placed += len(claim.Pods)
		price += cheapest(claim)
	}
	for _, node := range results.ExistingNodes {
		placed += len(node.Pods)
	}
	return len(results.NewNodeClaims), placed, price
}

func cheapest(claim *scheduling.NodeClaim) float64 {
	var prices []float64
	for _, instanceType := range claim.InstanceTypeOptions {
		for _, offering := range cloudprovider.Offerings(instanceType.Offerings).Available().Compatible(claim.Requirements) {
			prices = append(prices, offering.Price)
		}
	}
	if len(prices) == 0 {
		return 0
	}
	return slices.Min(prices)
}
