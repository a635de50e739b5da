package diagnose

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
)

const (
	// logLines is how many lines of a failed container's log are shown.
	logLines = 10
	// logBytes bounds those lines.
	logBytes = 8 << 10
	// maxEvents is how many different warnings of an object are shown, newest first.
	maxEvents = 3
	// maxEvent is how many bytes of a warning are shown.
	maxEvent = 300
	// maxPods is how many pods of one workload are explained: the others fail for the same reason.
	maxPods = 3
)

// Explain says why an object is not ready: a text for each pod that is not, or for the object if it has none.
func (f Finder) Explain(ctx context.Context, object *unstructured.Unstructured) []string {
	pods, err := f.Pods(ctx, object)
	if err != nil {
		return []string{err.Error()}
	}
	var texts []string
	for i := range pods {
		if !Ready(&pods[i]) && len(texts) < maxPods {
			texts = append(texts, f.ExplainPod(ctx, &pods[i]))
		}
	}
	if len(texts) == 0 {
		for _, event := range f.warnings(ctx, object.GetNamespace(), object.GetKind(), object.GetName()) {
			texts = append(texts, fmt.Sprintf("%s %s: %s", object.GetKind(), object.GetName(), event))
		}
	}
	if len(texts) == 0 && len(pods) == 0 && HasPods(object) {
		texts = append(texts, fmt.Sprintf("%s %s has no pods%s", object.GetKind(), object.GetName(), f.noPods(ctx, object)))
	}
	return texts
}

// noPods says why a Deployment's ReplicaSets make no pods, or "".
func (f Finder) noPods(ctx context.Context, object *unstructured.Unstructured) string {
	if object.GetKind() != "Deployment" {
		return ""
	}
	sets, err := f.Client.AppsV1().ReplicaSets(object.GetNamespace()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return ""
	}
	for _, set := range sets.Items {
		if owner := metav1.GetControllerOf(&set); owner == nil || owner.UID != object.GetUID() {
			continue
		}
		if events := f.warnings(ctx, set.Namespace, "ReplicaSet", set.Name); len(events) > 0 {
			return ": " + events[0]
		}
	}
	return ""
}

// ExplainPod says why one pod is not ready, with the last log lines of what failed in it.
func (f Finder) ExplainPod(ctx context.Context, pod *corev1.Pod) string {
	var b strings.Builder
	troubles := Troubles(pod)
	for _, t := range troubles {
		fmt.Fprintf(&b, "pod %s: %s\n", pod.Name, t.Short())
		message := ""
		if t.Exit != nil {
			message = strings.TrimSpace(t.Exit.Message)
		}
		log := ""
		if t.Started {
			log = f.log(ctx, pod, t)
		}
		if message != "" && !sameText(message, log) {
			writeBlock(&b, "message", message)
		}
		if log != "" {
			writeBlock(&b, "last log lines", log)
		}
	}
	for _, event := range f.warnings(ctx, pod.Namespace, "Pod", pod.Name) {
		if !saidAlready(troubles, event) {
			fmt.Fprintf(&b, "    event: %s\n", event)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// saidAlready tells whether an event is only another word for a container's state: the image that cannot be had, or probes
// of a container that does not run.
func saidAlready(troubles []Trouble, event string) bool {
	if strings.HasPrefix(event, "Failed: ") {
		return true
	}
	crashed := slices.ContainsFunc(troubles, func(t Trouble) bool { return t.Exit != nil })
	return crashed && strings.HasPrefix(event, "Unhealthy: ")
}

// sameText tells whether a termination message is only what the log's end says (terminationMessagePolicy
// FallbackToLogsOnError).
func sameText(message, log string) bool {
	lines := strings.Split(message, "\n")
	return log != "" && strings.Contains(log, strings.TrimSpace(lines[len(lines)-1]))
}

func writeBlock(b *strings.Builder, title, text string) {
	fmt.Fprintf(b, "    %s:\n", title)
	lines := strings.Split(text, "\n")
	for _, line := range lines[max(0, len(lines)-logLines):] {
		fmt.Fprintf(b, "      | %s\n", strings.TrimRight(line, "\r"))
	}
}

// log reads the end of a container's log; "" if there is none to be had.
func (f Finder) log(ctx context.Context, pod *corev1.Pod, t Trouble) string {
	lines := int64(logLines)
	read := func(previous bool) string {
		stream, err := f.Client.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
			Container: t.Container, TailLines: &lines, Previous: previous,
		}).Stream(ctx)
		if err != nil {
			return ""
		}
		defer stream.Close()
		content, err := io.ReadAll(io.LimitReader(stream, logBytes))
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(content))
	}
	if text := read(t.Previous); text != "" {
		return text
	}
	return read(!t.Previous)
}

// warnings lists the last different warnings about an object, newest first.
func (f Finder) warnings(ctx context.Context, namespace, kind, name string) []string {
	list, err := f.Client.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.Set{
			"involvedObject.kind": kind, "involvedObject.name": name, "type": corev1.EventTypeWarning,
		}.AsSelector().String(),
	})
	if err != nil {
		return nil
	}
	sort.Slice(list.Items, func(i, j int) bool { return eventTime(list.Items[i]).After(eventTime(list.Items[j])) })
	var texts []string
	for _, event := range list.Items {
		// A crash loop's state says the same.
		if event.Reason == "BackOff" {
			continue
		}
		text := event.Reason + ": " + oneLine(event.Message)
		if !slices.Contains(texts, text) && len(texts) < maxEvents {
			texts = append(texts, text)
		}
	}
	return texts
}

// oneLine is the beginning of a text, without its line breaks.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxEvent {
		text = strings.ToValidUTF8(text[:maxEvent], "") + " ..."
	}
	return text
}

func eventTime(event corev1.Event) time.Time {
	return slices.MaxFunc([]time.Time{event.LastTimestamp.Time, event.EventTime.Time, event.CreationTimestamp.Time},
		time.Time.Compare)
}
