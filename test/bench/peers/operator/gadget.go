package main

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var gadgetVersion = schema.GroupVersion{Group: "bench.example.com", Version: "v1"}

type sized struct {
	Size int `json:"size,omitempty"`
}

// Gadget is the kind of ../../bench-objects.ts: its reconciler has one thing to say in status.
type Gadget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              sized  `json:"spec,omitempty"`
	Status            *sized `json:"status,omitempty"`
}

// DeepCopyObject makes it a runtime.Object.
func (g *Gadget) DeepCopyObject() runtime.Object {
	copied := *g
	g.ObjectMeta.DeepCopyInto(&copied.ObjectMeta)
	if g.Status != nil {
		status := *g.Status
		copied.Status = &status
	}
	return &copied
}

// GadgetList is a list of them.
type GadgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Gadget `json:"items"`
}

// DeepCopyObject makes it a runtime.Object.
func (l *GadgetList) DeepCopyObject() runtime.Object {
	copied := *l
	copied.Items = make([]Gadget, len(l.Items))
	for i := range l.Items {
		copied.Items[i] = *l.Items[i].DeepCopyObject().(*Gadget)
	}
	return &copied
}

func addGadgets(scheme *runtime.Scheme) {
	scheme.AddKnownTypes(gadgetVersion, &Gadget{}, &GadgetList{})
	metav1.AddToGroupVersion(scheme, gadgetVersion)
}
