package main

import (
	"encoding/json"
	"os"

	corev1 "k8s.io/api/core/v1"

	v1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	"sigs.k8s.io/karpenter/pkg/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/controllers/provisioning/scheduling"
)

type newNode struct {
	NodePool      string                                    `json:"nodePool"`
	Pods          []string                                  `json:"pods"`
	InstanceTypes []string                                  `json:"instanceTypes"`
	Requirements  []v1.NodeSelectorRequirementWithMinValues `json:"requirements"`
	Price         float64                                   `json:"price"`
}

type existingNode struct {
	Name string   `json:"name"`
	Pods []string `json:"pods"`
}

type unschedulablePod struct {
	Pod    string `json:"pod"`
	Reason string `json:"reason"`
}

// answer is the output part of the case format.
type answer struct {
	NewNodes      []newNode          `json:"newNodes"`
	ExistingNodes []existingNode     `json:"existingNodes"`
	Unschedulable []unschedulablePod `json:"unschedulable"`
}

func writeAnswer(name string, results scheduling.Results) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	var written answer
	for _, claim := range results.NewNodeClaims {
		written.NewNodes = append(written.NewNodes, newNode{
			NodePool: claim.NodePoolName, Pods: namesOf(claim.Pods), InstanceTypes: typeNames(claim.InstanceTypeOptions),
			Requirements: claim.Requirements.NodeSelectorRequirements(), Price: cheapest(claim),
		})
	}
	for _, node := range results.ExistingNodes {
		if len(node.Pods) > 0 {
			written.ExistingNodes = append(written.ExistingNodes, existingNode{Name: node.Name(), Pods: namesOf(node.Pods)})
		}
	}
	for pod, reason := range results.PodErrors {
		written.Unschedulable = append(written.Unschedulable, unschedulablePod{Pod: nameOf(pod), Reason: reason.Error()})
	}
	return json.NewEncoder(file).Encode(written)
}

func nameOf(pod *corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

func namesOf(pods []*corev1.Pod) []string {
	var names []string
	for _, pod := range pods {
		names = append(names, nameOf(pod))
	}
	return names
}

func typeNames(types cloudprovider.InstanceTypes) []string {
	var names []string
	for _, each := range types {
		names = append(names, each.Name)
	}
	return names
}
