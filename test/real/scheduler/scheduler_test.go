// Package scheduler asks kube-scheduler itself, with its default plugins, about placements that were decided elsewhere.
package scheduler

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/kubernetes/fake"
	fwk "k8s.io/kube-scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/apis/config/latest"
	"k8s.io/kubernetes/pkg/scheduler/backend/cache"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins"
	frameworkruntime "k8s.io/kubernetes/pkg/scheduler/framework/runtime"
	"k8s.io/kubernetes/pkg/scheduler/metrics"
)

var trials = flag.String("trials", "", "file with one trial a line")

// expectation is a pod that is to be bound, and the node where it is expected.
type expectation struct {
	Pod  *corev1.Pod `json:"pod"`
	Node string      `json:"node"`
	// OpensOwnDomain marks pods that this scheduler may refuse for their affinity.
	OpensOwnDomain bool `json:"opensOwnDomain"`
}

type trial struct {
	Nodes                  []*corev1.Node                  `json:"nodes"`
	Bound                  []*corev1.Pod                   `json:"bound"`
	Namespaces             []*corev1.Namespace             `json:"namespaces"`
	PersistentVolumeClaims []*corev1.PersistentVolumeClaim `json:"persistentVolumeClaims"`
	PersistentVolumes      []*corev1.PersistentVolume      `json:"persistentVolumes"`
	StorageClasses         []*storagev1.StorageClass       `json:"storageClasses"`
	CSINodes               []*storagev1.CSINode            `json:"csiNodes"`
	// Orders in which the pods may come; all must be bound in one of them.
	Orders [][]expectation `json:"orders"`
}

// board hands the plugins the cluster as it is after the last binding.
type board struct{ now *cache.Snapshot }

func (b *board) NodeInfos() fwk.NodeInfoLister       { return b.now.NodeInfos() }
func (b *board) StorageInfos() fwk.StorageInfoLister { return b.now.StorageInfos() }

func (t *trial) objects() (all []runtime.Object) {
	for _, each := range t.Nodes {
		all = append(all, each)
	}
	for _, each := range t.Namespaces {
		all = append(all, each)
	}
	for _, each := range t.PersistentVolumeClaims {
		all = append(all, each)
	}
	for _, each := range t.PersistentVolumes {
		all = append(all, each)
	}
	for _, each := range t.StorageClasses {
		all = append(all, each)
	}
	for _, each := range t.CSINodes {
		all = append(all, each)
	}
	return all
}

// refusal says why the plugins do not let a pod onto a node; empty when they do.
func refusal(ctx context.Context, plugins framework.Framework, pod *corev1.Pod, node fwk.NodeInfo) string {
	state := framework.NewCycleState()
	result, status, _ := plugins.RunPreFilterPlugins(ctx, state, pod)
	if !status.IsSuccess() {
		return status.Message()
	}
	if !result.AllNodes() && !result.NodeNames.Has(node.Node().Name) {
		return "the node is not among those that can be looked at"
	}
	return plugins.RunFilterPlugins(ctx, state, pod, node).Message()
}

// unbound binds the pods where they are expected, as often as that changes anything, and says which are left.
func (t *trial) unbound(ctx context.Context, order []expectation) (left []string, err error) {
	configuration, err := latest.Default()
	if err != nil {
		return nil, err
	}
	client := fake.NewClientset(t.objects()...)
	informers := scheduler.NewInformerFactory(client, 0)
	bound := append([]*corev1.Pod{}, t.Bound...)
	lister := &board{cache.NewSnapshot(bound, t.Nodes)}
	filters, err := frameworkruntime.NewFramework(ctx, plugins.NewInTreeRegistry(), &configuration.Profiles[0],
		frameworkruntime.WithClientSet(client), frameworkruntime.WithInformerFactory(informers), frameworkruntime.WithSnapshotSharedLister(lister))
	if err != nil {
		return nil, err
	}
	informers.Start(ctx.Done())
	informers.WaitForCacheSync(ctx.Done())
	for before := -1; before != len(order); {
		before = len(order)
		left = nil
		var waiting []expectation
		for _, each := range order {
			node, err := lister.NodeInfos().Get(each.Node)
			if err != nil {
				return nil, err
			}
			if why := refusal(ctx, filters, each.Pod, node); why != "" {
				waiting = append(waiting, each)
				if !each.OpensOwnDomain {
					left = append(left, fmt.Sprintf("%s on %s: %s", each.Pod.Name, each.Node, why))
				}
				continue
			}
			pod := each.Pod.DeepCopy()
			pod.Spec.NodeName = each.Node
			bound = append(bound, pod)
			lister.now = cache.NewSnapshot(bound, t.Nodes)
		}
		order = waiting
	}
	return left, nil
}

func TestPlacements(t *testing.T) {
	if *trials == "" {
		t.Skip("no -trials")
	}
	metrics.Register()
	// Alpha in this release, on in later ones.
	if err := feature.DefaultMutableFeatureGate.Set("PodLevelResources=true"); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(*trials)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 64<<20)
	for line := 1; lines.Scan(); line++ {
		t.Run(fmt.Sprintf("line %d", line), func(t *testing.T) {
			var one trial
			if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			var problems []string
			for _, order := range one.Orders {
				left, err := one.unbound(ctx, order)
				if err != nil {
					t.Fatal(err)
				}
				if len(left) == 0 {
					return
				}
				problems = append(problems, strings.Join(left, "; "))
			}
			t.Error(problems[0])
		})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}
