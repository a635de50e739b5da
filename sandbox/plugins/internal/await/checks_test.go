package await

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var o map[string]any
	data, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: o}
}

// Objects as an API server has shown them, cut down to what matters.
func TestLook(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"statefulset starting", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 1},
			spec: {replicas: 1}, status: {observedGeneration: 1, replicas: 1, currentRevision: a, updateRevision: a}}`,
			"0 of 1 pods are ready"},
		{"statefulset rolling", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2}, spec: {replicas: 1},
			status: {observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: a, updateRevision: b}}`,
			"0 of 1 pods are of it"},
		{"statefulset", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2}, spec: {replicas: 1}, status:
			{observedGeneration: 2, replicas: 1, readyReplicas: 1, currentReplicas: 1, currentRevision: b, updateRevision: b}}`,
			"ready"},
		{"statefulset under a partition", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2}, spec: {replicas: 1,
			updateStrategy: {type: RollingUpdate, rollingUpdate: {partition: 1}}}, status: {observedGeneration: 2, replicas: 1,
			readyReplicas: 1, currentReplicas: 1, currentRevision: a, updateRevision: b}}`, "to become the current one"},
		{"statefulset on delete", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {generation: 2},
			spec: {replicas: 1, updateStrategy: {type: OnDelete}}, status:
			{observedGeneration: 2, replicas: 1, readyReplicas: 1, currentRevision: a, updateRevision: b}}`, "ready"},
		{"daemonset", `{kind: DaemonSet, apiVersion: apps/v1, metadata: {generation: 1}, status:
			{observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2}}`,
			"2 of 3 pods are available"},
		{"job running", `{kind: Job, apiVersion: batch/v1, status: {startTime: "2026-01-01T00:00:00Z", active: 1}}`,
			"waiting for the Job to succeed"},
		{"job", `{kind: Job, apiVersion: batch/v1, status: {startTime: "2026-01-01T00:00:00Z",
			conditions: [{type: Complete, status: "True"}]}}`, "ready"},
		{"job suspended", `{kind: Job, apiVersion: batch/v1, status: {conditions: [{type: Suspended, status: "True"}]}}`,
			"waiting for the Job to start"},
		{"job failed", `{kind: Job, apiVersion: batch/v1, status: {conditions:
			[{type: Failed, status: "True", reason: BackoffLimitExceeded, message: too often}]}}`,
			"failed: [BackoffLimitExceeded] too often"},
		{"job that took too long", `{kind: Job, apiVersion: batch/v1, status: {conditions:
			[{type: Failed, status: "True", reason: DeadlineExceeded, message: too long}]}}`,
			"failed: [DeadlineExceeded] too long"},
		{"job that a policy ended", `{kind: Job, apiVersion: batch/v1, status: {startTime: "2026-01-01T00:00:00Z", failed: 1,
			conditions: [{type: Failed, status: "True", reason: PodFailurePolicy, message: exit code 3}]}}`,
			"waiting for the Job to succeed"},
		{"pod", `{kind: Pod, apiVersion: v1, status: {phase: Running, conditions: [{type: PodScheduled, status: "True"},
			{type: Initialized, status: "True"}, {type: Ready, status: "True"}]}}`, "ready"},
		{"pod done", `{kind: Pod, apiVersion: v1, status: {phase: Succeeded, conditions: [{type: PodScheduled, status: "True"},
			{type: Initialized, status: "True"}]}}`, "ready"},
		{"pod failed", `{kind: Pod, apiVersion: v1, status: {phase: Failed, conditions: [{type: PodScheduled, status: "True"},
			{type: Initialized, status: "True"}]}}`, "waiting for the pod to be ready"},
		{"definition", `{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1}`, "ready"},
		{"namespace", `{kind: Namespace, apiVersion: v1, metadata: {name: ns}}`, "ready"},
		{"anything else", `{kind: Role, apiVersion: rbac.authorization.k8s.io/v1}`, "ready"},
	} {
		j := judge{client: fake.NewClientset()}
		verdict, err := j.look(t.Context(), object(t, c.text))
		if err != nil {
			t.Fatal(err)
		}
		got := told(verdict)
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func endpoints(version string, ready ...bool) *corev1.Endpoints { //nolint:staticcheck // as the official provider
	e := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: "s", Namespace: "ns", ResourceVersion: version}} //nolint:staticcheck
	subset := corev1.EndpointSubset{}                                                                           //nolint:staticcheck
	for _, r := range ready {
		if r {
			subset.Addresses = append(subset.Addresses, corev1.EndpointAddress{}) //nolint:staticcheck
		} else {
			subset.NotReadyAddresses = append(subset.NotReadyAddresses, corev1.EndpointAddress{}) //nolint:staticcheck
		}
	}
	e.Subsets = append(e.Subsets, subset)
	return e
}

func TestService(t *testing.T) {
	selecting := corev1.ServiceSpec{Selector: map[string]string{"a": "b"}}
	headless, external, balanced := selecting, selecting, selecting
	headless.ClusterIP, external.Type, balanced.Type = "None", corev1.ServiceTypeExternalName, corev1.ServiceTypeLoadBalancer
	for _, c := range []struct {
		name    string
		spec    corev1.ServiceSpec
		slices  *corev1.Endpoints //nolint:staticcheck // as the official provider
		settled bool
		ready   bool
		enough  bool
	}{
		{"no pods yet", selecting, nil, false, false, true},
		{"no pods, and none will come", selecting, nil, true, true, false},
		{"ready pod that has just come", selecting, endpoints("1", true), false, false, true},
		{"ready pod", selecting, endpoints("1", true), true, true, false},
		{"one pod of two", selecting, endpoints("1", true, false), true, false, false},
		{"headless", headless, endpoints("1", false), false, true, false},
		{"external name", external, nil, false, true, false},
		{"without selector", corev1.ServiceSpec{}, nil, false, true, false},
		{"load balancer without address", balanced, endpoints("1", true), true, false, false},
	} {
		if got := service(&corev1.Service{Spec: c.spec}, c.slices, c.settled); got.Ready != c.ready || got.Enough != c.enough {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestEndpointsSettle(t *testing.T) {
	start := time.Now()
	var s settling
	for _, c := range []struct {
		after   time.Duration
		version string
		want    bool
	}{
		{0, "", false},
		{30 * time.Second, "", false}, // nothing has been seen yet
		{31 * time.Second, "1", false},
		{40 * time.Second, "1", false},
		{41 * time.Second, "1", true},
		{45 * time.Second, "2", false},
		{50 * time.Second, "3", false},
		{55 * time.Second, "3", true},
	} {
		var e *corev1.Endpoints //nolint:staticcheck // as the official provider
		if c.version != "" {
			e = endpoints(c.version, true)
		}
		if got := s.see(e, start.Add(c.after)); got != c.want {
			t.Errorf("after %v: %v", c.after, got)
		}
	}
}

func TestClaim(t *testing.T) {
	for _, c := range []struct {
		name           string
		phase          corev1.PersistentVolumeClaimPhase
		later, changed bool
		want           bool
	}{
		{"created", corev1.ClaimPending, false, false, false},
		{"created and bound", corev1.ClaimBound, false, false, true},
		{"created, its volume is made for its first pod", corev1.ClaimPending, true, false, true},
		{"taken over, its volume is there", corev1.ClaimBound, true, false, false},
		{"changed", corev1.ClaimBound, true, true, true},
		{"changed before it was bound", corev1.ClaimPending, false, true, false},
		{"lost", corev1.ClaimLost, true, false, false},
	} {
		claimed := &corev1.PersistentVolumeClaim{}
		claimed.Status.Phase = c.phase
		if got := claim(claimed, c.later, c.changed); got.Ready != c.want || got.Failed != "" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestAKeptClaimIsWaitedForInVain(t *testing.T) {
	claim := object(t, `{kind: PersistentVolumeClaim, apiVersion: v1, metadata: {name: data, namespace: ns},
		spec: {storageClassName: local, resources: {requests: {storage: 2Gi}}}, status: {phase: Bound, capacity: {storage: 1Gi}}}`)
	class := &storagev1.StorageClass{VolumeBindingMode: ptr.To(storagev1.VolumeBindingWaitForFirstConsumer)}
	class.Name = "local"
	client := fake.NewClientset(class)
	for name, c := range map[string]struct {
		judge judge
		want  bool
	}{
		"created": {judge{client: client}, false},
		"changed": {judge{client: client, before: claim}, true},
	} {
		if got, err := c.judge.look(t.Context(), claim); err != nil || got.Ready != c.want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if limit, _ := patience(claim, time.Hour); limit != 5*time.Minute {
		t.Errorf("a claim is waited for %v", limit)
	}
}

// A Deployment with its ReplicaSets and a claim, in all states that matter.
func TestDeployment(t *testing.T) {
	set := func(revision string, want, ready int32, owner types.UID) *appsv1.ReplicaSet {
		s := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "d-" + revision, Namespace: "ns",
			Annotations:     map[string]string{"deployment.kubernetes.io/revision": revision},
			OwnerReferences: []metav1.OwnerReference{{UID: owner}}}}
		s.Spec.Replicas, s.Status.ReadyReplicas = ptr.To(want), ready
		return s
	}
	pending := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "data", Namespace: "ns"}}
	pending.Status.Phase = corev1.ClaimPending
	const head = `kind: Deployment, apiVersion: apps/v1, `
	const first = `metadata: {name: d, namespace: ns, uid: u, generation: 1, annotations: {deployment.kubernetes.io/revision: "1"}}, `
	const second = `metadata: {name: d, namespace: ns, uid: u, generation: 2, annotations: {deployment.kubernetes.io/revision: "2"}}, `
	const available = `{type: Available, status: "True"}`
	for _, c := range []struct {
		name, text, want string
		there            []runtime.Object
	}{
		{"not seen by its controller", first + `status: {}`, "the Deployment controller", nil},
		{"no pods of it yet", first + `status: {observedGeneration: 1, conditions: [` + available + `]}`, "the ReplicaSet", nil},
		{"somebody else's", first + `status: {observedGeneration: 1, conditions: [` + available + `]}`, "the ReplicaSet",
			[]runtime.Object{set("1", 1, 1, "other")}},
		{"one of two", first + `status: {observedGeneration: 1, conditions: [` + available + `]}`, "1 of 2 pods",
			[]runtime.Object{set("1", 2, 1, "u")}},
		{"not available", first + `status: {observedGeneration: 1}`, "to be available", []runtime.Object{set("1", 1, 1, "u")}},
		{"first version", first + `status: {observedGeneration: 1, replicas: 2, conditions: [` + available + `]}`, "ready",
			[]runtime.Object{set("1", 1, 1, "u")}},
		{"no pods wanted", first + `status: {observedGeneration: 1, conditions: [` + available + `]}`, "ready",
			[]runtime.Object{set("1", 0, 0, "u")}},
		{"old pods are left", second + `status: {observedGeneration: 2, conditions: [` + available + `,
			{type: Progressing, status: "True", reason: ReplicaSetUpdated}]}`, "the old version",
			[]runtime.Object{set("1", 1, 1, "u"), set("2", 1, 1, "u")}},
		{"second version", second + `status: {observedGeneration: 2, conditions: [` + available + `,
			{type: Progressing, status: "True", reason: NewReplicaSetAvailable}]}`, "ready",
			[]runtime.Object{set("1", 0, 0, "u"), set("2", 1, 1, "u")}},
		{"a claim is not bound", first + `spec: {template: {spec: {volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}}},
			status: {observedGeneration: 1, conditions: [` + available + `]}`, "the claim data",
			[]runtime.Object{set("1", 0, 0, "u"), pending}},
	} {
		j := judge{client: fake.NewClientset(c.there...)}
		got, err := j.look(t.Context(), object(t, "{"+head+c.text+"}"))
		if err != nil || !strings.Contains(told(got), c.want) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
}

func told(v Verdict) string {
	switch {
	case v.Ready:
		return "ready"
	case v.Failed != "":
		return "failed: " + v.Failed
	}
	return v.Waiting
}

func TestConditions(t *testing.T) {
	live := object(t, `{kind: Foo, status: {phase: Up, count: 3, conditions: [{type: Ready, status: "True"}, {type: Bad, status: "False"}]}}`)
	for text, want := range map[string]bool{
		"condition=Ready":               true,
		"condition=ready":               true,
		"condition=Bad":                 false,
		"condition=Bad=False":           true,
		"condition=None":                false,
		"jsonpath={.status.phase}=Up":   true,
		"jsonpath={.status.phase}=Down": false,
		"jsonpath={.status.count}=3":    true,
		"jsonpath={.status.phase}":      true,
		"jsonpath={.status.missing}":    false,
		"jsonpath={.status}":            true,
		"jsonpath={.status.conditions[?(@.type=='Ready')].status}=True": true,
		`["condition=Ready", "jsonpath={.status.count}"]`:               true,
		`["condition=Ready", "condition=Bad"]`:                          false,
	} {
		conditions, err := ParseConditions(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := all(conditions, live); got.Ready != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
	behind := object(t, `{kind: Foo, metadata: {generation: 2}, status: {observedGeneration: 1, phase: Up,
		conditions: [{type: Ready, status: "True"}, {type: New, status: "True", observedGeneration: 2}]}}`)
	for text, want := range map[string]bool{
		"condition=Ready": false, "condition=New": true, "jsonpath={.status.phase}=Up": false,
	} {
		conditions, err := ParseConditions(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := all(conditions, behind); got.Ready != want {
			t.Errorf("%s, as its controller has not seen the change yet: %+v", text, got)
		}
	}
	for _, text := range []string{"Ready", "jsonpath={.status", "[]", "jsonpath={.a}=", "jsonpath={.a}=b=c", "jsonpath=.a"} {
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
