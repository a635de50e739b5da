package await

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: o}
}

// Objects as an API server has shown them, cut down to what matters.
func TestLook(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"deployment not seen by its controller", `{kind: Deployment, apiVersion: apps/v1, metadata: {generation: 2},
			spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, updatedReplicas: 1, availableReplicas: 1}}`,
			"waiting for the Deployment controller"},
		{"deployment with an old pod", `{kind: Deployment, apiVersion: apps/v1, metadata: {generation: 2},
			spec: {replicas: 1}, status: {observedGeneration: 2, replicas: 2, updatedReplicas: 1, availableReplicas: 1}}`,
			"1 pods of the old version"},
		{"deployment not available", `{kind: Deployment, apiVersion: apps/v1, metadata: {generation: 1},
			spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 1}}`,
			"1 of 2 pods are available"},
		{"deployment", `{kind: Deployment, apiVersion: apps/v1, metadata: {generation: 1},
			spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2}}`, "ready"},
		{"deployment of no pods", `{kind: Deployment, apiVersion: apps/v1, metadata: {generation: 1},
			spec: {replicas: 0}, status: {observedGeneration: 1}}`, "ready"},
		{"statefulset starting", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 1},
			spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, currentRevision: a, updateRevision: a}}`,
			"0 of 1 pods are ready"},
		{"statefulset rolling", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2}, spec: {replicas: 1},
			status: {observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: a, updateRevision: b}}`,
			"0 of 1 pods are of the new version"},
		{"statefulset", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2}, spec: {replicas: 1}, status:
			{observedGeneration: 2, replicas: 1, readyReplicas: 1, updatedReplicas: 1, currentRevision: b, updateRevision: b}}`,
			"ready"},
		{"statefulset on delete", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2},
			spec: {replicas: 1, updateStrategy: {type: OnDelete}}, status:
			{observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: a, updateRevision: b}}`, "ready"},
		{"daemonset", `{kind: DaemonSet, apiVersion: apps/v1, metadata: {generation: 1}, status:
			{observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2}}`,
			"2 of 3 pods are available"},
		{"job running", `{kind: Job, apiVersion: batch/v1, status: {startTime: "2026-01-01T00:00:00Z", active: 1}}`,
			"waiting for the Job to succeed"},
		{"job", `{kind: Job, apiVersion: batch/v1, status: {conditions: [{type: Complete, status: "True"}]}}`, "ready"},
		{"job failed", `{kind: Job, apiVersion: batch/v1, status: {conditions:
			[{type: Failed, status: "True", reason: BackoffLimitExceeded, message: too often}]}}`,
			"failed: [BackoffLimitExceeded] too often"},
		{"pod", `{kind: Pod, apiVersion: v1, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`, "ready"},
		{"pod done", `{kind: Pod, apiVersion: v1, status: {phase: Succeeded}}`, "ready"},
		{"pod failed", `{kind: Pod, apiVersion: v1, status: {phase: Failed}}`, "failed: a container of it failed"},
		{"definition", `{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, status: {conditions:
			[{type: Established, status: "True"}]}}`, "ready"},
		{"definition not there yet", `{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1}`, "established"},
		{"anything else", `{kind: Role, apiVersion: rbac.authorization.k8s.io/v1}`, "ready"},
	} {
		verdict, err := look(t.Context(), fake.NewClientset(), object(t, c.text), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		got := verdict.Waiting
		switch {
		case verdict.Ready:
			got = "ready"
		case verdict.Failed != "":
			got = "failed: " + verdict.Failed
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func endpoints(ready ...bool) []discoveryv1.EndpointSlice {
	slice := discoveryv1.EndpointSlice{}
	for _, r := range ready {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(r)}})
	}
	return []discoveryv1.EndpointSlice{slice}
}

func TestService(t *testing.T) {
	selecting := corev1.ServiceSpec{Selector: map[string]string{"a": "b"}}
	headless, external, balanced := selecting, selecting, selecting
	headless.ClusterIP, external.Type, balanced.Type = "None", corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer
	for _, c := range []struct {
		name    string
		spec    corev1.ServiceSpec
		slices  []discoveryv1.EndpointSlice
		settled bool
		want    bool
	}{
		{"no pods yet", selecting, nil, false, false},
		{"no pods, and none will come", selecting, nil, true, true},
		{"ready pod", selecting, endpoints(true), false, true},
		{"one pod of two", selecting, endpoints(true, false), true, false},
		{"headless", headless, endpoints(false), false, true},
		{"external name", external, nil, false, true},
		{"without selector", corev1.ServiceSpec{}, nil, false, true},
		{"load balancer without address", balanced, endpoints(true), true, false},
	} {
		if got := service(&corev1.Service{Spec: c.spec}, c.slices, c.settled); got.Ready != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestClaim(t *testing.T) {
	make := func(phase corev1.PersistentVolumeClaimPhase, want, have string, conditions ...corev1.PersistentVolumeClaimConditionType) *corev1.PersistentVolumeClaim {
		c := &corev1.PersistentVolumeClaim{}
		c.Status.Phase = phase
		c.Spec.Resources.Requests = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(want)}
		c.Status.Capacity = corev1.ResourceList{corev1.ResourceStorage: resource.MustParse(have)}
		for _, name := range conditions {
			c.Status.Conditions = append(c.Status.Conditions,
				corev1.PersistentVolumeClaimCondition{Type: name, Status: corev1.ConditionTrue})
		}
		return c
	}
	for _, c := range []struct {
		name            string
		claim           *corev1.PersistentVolumeClaim
		later, settled  bool
		ready, hopeless bool
	}{
		{"pending", make(corev1.ClaimPending, "8Gi", "0"), false, true, false, false},
		{"pending until used", make(corev1.ClaimPending, "8Gi", "0"), true, false, true, false},
		{"bound", make(corev1.ClaimBound, "8Gi", "8Gi"), false, false, true, false},
		{"bound to a larger volume", make(corev1.ClaimBound, "8Gi", "10Gi"), false, false, true, false},
		{"growing", make(corev1.ClaimBound, "16Gi", "8Gi", corev1.PersistentVolumeClaimResizing), false, true, false, false},
		{"grown but for the file system",
			make(corev1.ClaimBound, "16Gi", "8Gi", corev1.PersistentVolumeClaimFileSystemResizePending), false, false, true, false},
		{"growth asked for", make(corev1.ClaimBound, "16Gi", "8Gi"), false, false, false, false},
		{"growth that nobody takes up", make(corev1.ClaimBound, "16Gi", "8Gi"), false, true, true, false},
		{"lost", make(corev1.ClaimLost, "8Gi", "8Gi"), false, false, false, true},
	} {
		got := claim(c.claim, c.later, c.settled)
		if got.Ready != c.ready || (got.Failed != "") != c.hopeless {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestNamespaceWaitsForItsServiceAccount(t *testing.T) {
	namespace := object(t, `{kind: Namespace, apiVersion: v1, metadata: {name: ns}}`)
	without := fake.NewClientset()
	with := fake.NewClientset([]runtime.Object{account("ns", "default")}...)
	for _, c := range []struct {
		name   string
		client *fake.Clientset
		since  time.Time
		want   bool
	}{
		{"none yet", without, time.Now(), false},
		{"none will come", without, time.Now().Add(-time.Minute), true},
		{"there", with, time.Now(), true},
	} {
		got, err := look(t.Context(), c.client, namespace, c.since)
		if err != nil || got.Ready != c.want {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func account(namespace, name string) *corev1.ServiceAccount {
	a := &corev1.ServiceAccount{}
	a.Namespace, a.Name = namespace, name
	return a
}

func TestConditions(t *testing.T) {
	live := object(t, `{kind: Foo, status: {phase: Up, count: 3, conditions: [{type: Ready, status: "True"}, {type: Bad, status: "False"}]}}`)
	for text, want := range map[string]bool{
		"condition=Ready":                                 true,
		"condition=ready":                                 true,
		"condition=Bad":                                   false,
		"condition=Bad=False":                             true,
		"condition=None":                                  false,
		"jsonpath={.status.phase}=Up":                     true,
		"jsonpath={.status.phase}=Down":                   false,
		"jsonpath={.status.count}=3":                      true,
		"jsonpath={.status.phase}":                        true,
		"jsonpath={.status.missing}":                      false,
		`["condition=Ready", "jsonpath={.status.count}"]`: true,
		`["condition=Ready", "condition=Bad"]`:            false,
	} {
		conditions, err := ParseConditions(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := all(conditions, live); got.Ready != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for _, text := range []string{"Ready", "jsonpath={.status", "[]"} {
		if _, err := ParseConditions(text); err == nil {
			t.Errorf("%s was taken for a condition", text)
		}
	}
}

func TestDeploymentProblems(t *testing.T) {
	got := Problems(object(t, `{kind: Deployment, apiVersion: apps/v1, status: {conditions: [
		{type: Available, status: "True", reason: MinimumReplicasAvailable},
		{type: Progressing, status: "False", reason: ProgressDeadlineExceeded, message: timed out},
		{type: ReplicaFailure, status: "True", reason: FailedCreate, message: quota}]}}`))
	want := "[ProgressDeadlineExceeded] timed out|[FailedCreate] quota"
	if strings.Join(got, "|") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
