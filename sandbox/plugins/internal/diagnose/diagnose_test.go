package diagnose

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

func podOf(t *testing.T, text string) *corev1.Pod {
	t.Helper()
	var p corev1.Pod
	if err := yaml.UnmarshalStrict([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	return &p
}

// Pods as an API server has shown them, cut down to what matters.
func TestTroubles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"ready", `status: {phase: Running, conditions: [{type: Ready, status: "True"}]}`, ""},
		{"done", `status: {phase: Succeeded}`, ""},
		{"unschedulable", `status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable,
			message: 0/1 nodes are available}]}`, "Unschedulable: 0/1 nodes are available"},
		{"pulling", `status: {phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: ImagePullBackOff,
			message: Back-off pulling image "x"}}}]}`, `container "c" ImagePullBackOff: Back-off pulling image "x"`},
		{"crashing", `status: {phase: Running, containerStatuses: [{name: c, restartCount: 3, state: {waiting: {reason:
			CrashLoopBackOff}}, lastState: {terminated: {exitCode: 3, reason: Error}}}]}`,
			`container "c" CrashLoopBackOff (exit code 3, 3 restarts)`},
		{"killed", `status: {phase: Running, containerStatuses: [{name: c, state: {terminated: {exitCode: 137,
			reason: OOMKilled}}}]}`, `container "c" OOMKilled (exit code 137)`},
		{"not ready", `status: {phase: Running, containerStatuses: [{name: a, ready: true, state: {running: {}}},
			{name: b, state: {running: {}}}]}`, `container "b" NotReady`},
		{"init fails", `status: {phase: Pending, initContainerStatuses: [
			{name: one, state: {terminated: {exitCode: 0}}}, {name: two, state: {terminated: {exitCode: 1, reason: Error}}},
			{name: three, state: {waiting: {reason: PodInitializing}}}],
			containerStatuses: [{name: c, state: {waiting: {reason: PodInitializing}}}]}`, `container "two" Error (exit code 1)`},
		{"init runs", `status: {phase: Pending, initContainerStatuses: [{name: one, state: {running: {}}}],
			containerStatuses: [{name: c, state: {waiting: {reason: PodInitializing}}}]}`, `container "one" Running`},
		{"sidecar", `{spec: {initContainers: [{name: side, restartPolicy: Always}], containers: []}, status: {phase: Running,
			initContainerStatuses: [{name: side, ready: true, state: {running: {}}}],
			containerStatuses: [{name: c, state: {running: {}}}]}}`, `container "c" NotReady`},
		{"no account yet", `status: {phase: Pending}`, "Pending"},
	} {
		var got []string
		for _, trouble := range Troubles(podOf(t, c.text)) {
			got = append(got, trouble.Short())
		}
		if strings.Join(got, "; ") != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func workload(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: o}
}

func TestOf(t *testing.T) {
	pods := []corev1.Pod{
		*podOf(t, `metadata: {name: web-5d-a, namespace: ns, labels: {app: web, pod-template-hash: 5d},
			ownerReferences: [{kind: ReplicaSet, name: web-5d, uid: r, apiVersion: apps/v1, controller: true}]}`),
		*podOf(t, `metadata: {name: other-5d-a, namespace: ns, labels: {app: web, pod-template-hash: 5d},
			ownerReferences: [{kind: ReplicaSet, name: other-5d, uid: q, apiVersion: apps/v1, controller: true}]}`),
		*podOf(t, `metadata: {name: db-0, namespace: ns, labels: {app: db},
			ownerReferences: [{kind: StatefulSet, name: db, uid: s, apiVersion: apps/v1, controller: true}]}`),
		*podOf(t, `metadata: {name: job-x, namespace: ns, labels: {job-name: job},
			ownerReferences: [{kind: Job, name: job, uid: j, apiVersion: batch/v1, controller: true}]}`),
		*podOf(t, `metadata: {name: single, namespace: ns}`),
		*podOf(t, `metadata: {name: single, namespace: other}`),
	}
	for _, c := range []struct{ name, text, want string }{
		{"deployment", `{kind: Deployment, apiVersion: apps/v1, metadata: {name: web, namespace: ns},
			spec: {selector: {matchLabels: {app: web}}}}`, "web-5d-a"},
		{"statefulset", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: ns, uid: s},
			spec: {selector: {matchLabels: {app: db}}}}`, "db-0"},
		{"statefulset made anew", `{kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: ns, uid: new},
			spec: {selector: {matchLabels: {app: db}}}}`, ""},
		{"job", `{kind: Job, apiVersion: batch/v1, metadata: {name: job, namespace: ns}}`, "job-x"},
		{"pod", `{kind: Pod, apiVersion: v1, metadata: {name: single, namespace: ns}}`, "single"},
		{"something else", `{kind: ConfigMap, apiVersion: v1, metadata: {name: single, namespace: ns}}`, ""},
	} {
		var got []string
		for _, pod := range Of(workload(t, c.text), pods) {
			got = append(got, pod.Name)
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, got, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	pod := podOf(t, `{metadata: {name: db-0, namespace: ns, labels: {app: db}, ownerReferences:
		[{kind: StatefulSet, name: db, uid: s, apiVersion: apps/v1, controller: true}]},
		status: {phase: Running, containerStatuses: [{name: postgresql, restartCount: 2,
		state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 1, message: "line 1\nFATAL: no space"}}}]}}`)
	finder := Finder{Client: fake.NewClientset(pod)}
	set := workload(t, `{kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: ns, uid: s},
		spec: {selector: {matchLabels: {app: db}}}}`)
	got := strings.Join(finder.Explain(t.Context(), set), "\n")
	// The client of the test answers "fake logs" to every question for a log.
	for _, want := range []string{
		`pod db-0: container "postgresql" CrashLoopBackOff (exit code 1, 2 restarts)`, "| FATAL: no space", "| fake logs",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
	set.SetUID("other")
	if got := finder.Explain(t.Context(), set); len(got) != 1 || got[0] != "StatefulSet db has no pods" {
		t.Errorf("without pods: %v", got)
	}
}

func TestMessageThatIsTheLogIsShownOnce(t *testing.T) {
	for _, c := range []struct {
		message, log string
		want         bool
	}{
		{"FATAL: x", "start\nFATAL: x", true},
		{"start\nFATAL: x", "FATAL: x", true},
		{"from /dev/termination-log", "start\nFATAL: x", false},
		{"FATAL: x", "", false},
	} {
		if got := sameText(c.message, c.log); got != c.want {
			t.Errorf("%q, %q: %v", c.message, c.log, got)
		}
	}
}

func TestProgress(t *testing.T) {
	pods := []corev1.Pod{
		*podOf(t, `{metadata: {name: a}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}`),
		*podOf(t, `{metadata: {name: b}, status: {phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: ContainerCreating}}}]}}`),
	}
	if got := Progress(pods); got != "waiting for pod b: ContainerCreating" {
		t.Error(got)
	}
	if got := Progress(pods[:1]); got != "" {
		t.Error(got)
	}
}
