package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/awslabs/operatorpkg/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/scheduling"
)

// caseFile is one question to the scheduler, read from the format of `karpenter-ts plan --offline`.
type caseFile struct {
	ignorePreferences bool
	instanceTypes     map[string][]*cloudprovider.InstanceType
	nodePools         []*v1.NodePool
	daemonSets        []*appsv1.DaemonSet
	nodes             []*corev1.Node
	nodeClaims        []*v1.NodeClaim
	bound             []*corev1.Pod
	pending           []*corev1.Pod
	// objects are what the API server would have, without the pending pods.
	objects []client.Object
}

type requirement struct {
	Key       string                      `json:"key"`
	Operator  corev1.NodeSelectorOperator `json:"operator"`
	Values    []string                    `json:"values"`
	MinValues *int                        `json:"minValues"`
}

type instanceType struct {
	Name         string              `json:"name"`
	Capacity     corev1.ResourceList `json:"capacity"`
	Overhead     corev1.ResourceList `json:"overhead"`
	Requirements []requirement       `json:"requirements"`
	Offerings    []struct {
		Price        float64       `json:"price"`
		Available    bool          `json:"available"`
		Requirements []requirement `json:"requirements"`
	} `json:"offerings"`
}

func requirementsOf(list []requirement) scheduling.Requirements {
	requirements := scheduling.NewRequirements()
	for _, each := range list {
		requirements.Add(scheduling.NewRequirementWithFlexibility(each.Key, each.Operator, each.MinValues, each.Values...))
	}
	return requirements
}

func (t instanceType) build() *cloudprovider.InstanceType {
	built := &cloudprovider.InstanceType{
		Name: t.Name, Requirements: requirementsOf(t.Requirements), Capacity: t.Capacity,
		Overhead: &cloudprovider.InstanceTypeOverhead{KubeReserved: t.Overhead},
	}
	for _, offering := range t.Offerings {
		built.Offerings = append(built.Offerings, &cloudprovider.Offering{
			Price: offering.Price, Available: offering.Available, Requirements: requirementsOf(offering.Requirements),
		})
	}
	return built
}

func readCase(name string) (*caseFile, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var file struct {
		Options struct {
			PreferencePolicy string   `json:"preferencePolicy"`
			WellKnownLabels  []string `json:"wellKnownLabels"`
		} `json:"options"`
		InstanceTypes map[string][]instanceType `json:"instanceTypes"`
		Objects       []json.RawMessage         `json:"objects"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	// Before any requirement is made: requirements know what is well known.
	v1.WellKnownLabels.Insert(file.Options.WellKnownLabels...)
	question := &caseFile{ignorePreferences: file.Options.PreferencePolicy == "Ignore", instanceTypes: map[string][]*cloudprovider.InstanceType{}}
	for index, object := range file.Objects {
		if err := question.add(object); err != nil {
			return nil, fmt.Errorf("%s: objects[%d]: %w", name, index, err)
		}
	}
	built := map[string][]*cloudprovider.InstanceType{}
	for pool, types := range file.InstanceTypes {
		for _, each := range types {
			built[pool] = append(built[pool], each.build())
		}
	}
	for _, pool := range question.nodePools {
		types, ok := built[pool.Name]
		if !ok {
			types = built["*"]
		}
		question.instanceTypes[pool.Name] = types
	}
	return question, nil
}

func decode[T any](text []byte) (*T, error) {
	object := new(T)
	return object, json.Unmarshal(text, object)
}

// keep decodes an object, and holds it as something that the API server has.
func keep[T any, P interface {
	*T
	client.Object
}](question *caseFile, text []byte, list *[]*T) error {
	object, err := decode[T](text)
	if err != nil {
		return err
	}
	if list != nil {
		*list = append(*list, object)
	}
	question.objects = append(question.objects, P(object))
	return nil
}

func (c *caseFile) add(text []byte) error {
	var head struct {
		Kind string `json:"kind"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	switch head.Kind {
	case "NodePool":
		return keep(c, text, &c.nodePools)
	case "NodeClaim":
		return keep(c, text, &c.nodeClaims)
	case "Node":
		return keep(c, text, &c.nodes)
	case "DaemonSet":
		return keep(c, text, &c.daemonSets)
	case "Namespace":
		return keep[corev1.Namespace](c, text, nil)
	case "PersistentVolumeClaim":
		return keep[corev1.PersistentVolumeClaim](c, text, nil)
	case "PersistentVolume":
		return keep[corev1.PersistentVolume](c, text, nil)
	case "StorageClass":
		return keep[storagev1.StorageClass](c, text, nil)
	case "CSINode":
		return keep[storagev1.CSINode](c, text, nil)
	case "Pod":
		pod, err := decode[corev1.Pod](text)
		if err != nil {
			return err
		}
		if pod.Spec.NodeName == "" {
			c.pending = append(c.pending, pod)
			return nil
		}
		c.bound = append(c.bound, pod)
		c.objects = append(c.objects, pod)
		return nil
	default:
		return fmt.Errorf("kind %q: not known to the benchmark", head.Kind)
	}
}

// catalogueProvider hands out the types of the case and does nothing else.
type catalogueProvider struct {
	cloudprovider.CloudProvider
	question *caseFile
}

func (p *catalogueProvider) GetInstanceTypes(_ context.Context, pool *v1.NodePool) ([]*cloudprovider.InstanceType, error) {
	return p.question.instanceTypes[pool.Name], nil
}

func (p *catalogueProvider) Name() string { return "case" }

func (p *catalogueProvider) GetSupportedNodeClasses() []status.Object { return nil }
