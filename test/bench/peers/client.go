package main

import (
	"context"
	"fmt"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// memoryClient reads objects out of maps, copying and encoding nothing: as cheap as reading can be. Writing is not possible.
type memoryClient struct {
	client.Client
	byKind      map[reflect.Type]map[client.ObjectKey]client.Object
	podsByNode  map[string][]*corev1.Pod
	podsBySpace map[string][]*corev1.Pod
	allPods     []*corev1.Pod
	namespaces  []*corev1.Namespace
}

func newMemoryClient(objects []client.Object) *memoryClient {
	c := &memoryClient{
		byKind: map[reflect.Type]map[client.ObjectKey]client.Object{}, podsByNode: map[string][]*corev1.Pod{}, podsBySpace: map[string][]*corev1.Pod{},
	}
	for _, object := range objects {
		kind := reflect.TypeOf(object)
		if c.byKind[kind] == nil {
			c.byKind[kind] = map[client.ObjectKey]client.Object{}
		}
		c.byKind[kind][client.ObjectKeyFromObject(object)] = object
		switch each := object.(type) {
		case *corev1.Pod:
			c.podsByNode[each.Spec.NodeName] = append(c.podsByNode[each.Spec.NodeName], each)
			c.podsBySpace[each.Namespace] = append(c.podsBySpace[each.Namespace], each)
			c.allPods = append(c.allPods, each)
		case *corev1.Namespace:
			c.namespaces = append(c.namespaces, each)
		}
	}
	return c
}

func (c *memoryClient) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	found, ok := c.byKind[reflect.TypeOf(into)][key]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{Resource: reflect.TypeOf(into).Elem().Name()}, key.String())
	}
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(found).Elem())
	return nil
}

func (c *memoryClient) List(_ context.Context, into client.ObjectList, opts ...client.ListOption) error {
	options := (&client.ListOptions{}).ApplyOptions(opts)
	switch list := into.(type) {
	case *corev1.PodList:
		list.Items = nil
		for _, pod := range c.podsFor(options) {
			if options.LabelSelector == nil || options.LabelSelector.Matches(labels.Set(pod.Labels)) {
				list.Items = append(list.Items, *pod)
			}
		}
	case *corev1.NamespaceList:
		list.Items = nil
		for _, namespace := range c.namespaces {
			if options.LabelSelector == nil || options.LabelSelector.Matches(labels.Set(namespace.Labels)) {
				list.Items = append(list.Items, *namespace)
			}
		}
	default:
		return fmt.Errorf("listing %T: not known to the benchmark", into)
	}
	return nil
}

// podsFor narrows the pods by index: a field selector on the node, else the namespace.
func (c *memoryClient) podsFor(options *client.ListOptions) []*corev1.Pod {
	if options.FieldSelector != nil {
		if node, ok := options.FieldSelector.RequiresExactMatch("spec.nodeName"); ok {
			return c.podsByNode[node]
		}
	}
	if options.Namespace != "" {
		return c.podsBySpace[options.Namespace]
	}
	return c.allPods
}
