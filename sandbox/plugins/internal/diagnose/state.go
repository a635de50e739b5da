package diagnose

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Trouble is one container that keeps its pod from being ready, or the pod itself (Container "").
type Trouble struct {
	Container string
	// Reason is a word such as CrashLoopBackOff; Message what is said about it.
	Reason, Message string
	// Exit is how the container ended last, or nil.
	Exit *corev1.ContainerStateTerminated
	// Restarts counts how often it was started again.
	Restarts int32
	// Started tells whether a container of this name has run and so may have a log; Previous whether that log is the
	// one before the present instance.
	Started, Previous bool
}

// Ready tells whether the pod serves, or has done its work.
func Ready(pod *corev1.Pod) bool {
	if pod.Status.Phase == corev1.PodSucceeded {
		return true
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// Troubles says what keeps a pod from being ready: failed and unready containers, init containers first. It is never
// empty for an unready pod.
func Troubles(pod *corev1.Pod) []Trouble {
	if Ready(pod) {
		return nil
	}
	var troubles []Trouble
	for _, status := range pod.Status.InitContainerStatuses {
		if t, ok := containerTrouble(status, isSidecar(pod, status.Name)); ok && t.Reason != "PodInitializing" {
			troubles = append(troubles, t)
		}
	}
	// What runs after the init containers only waits for them.
	if len(troubles) == 0 {
		for _, status := range pod.Status.ContainerStatuses {
			if t, ok := containerTrouble(status, true); ok {
				troubles = append(troubles, t)
			}
		}
	}
	if len(troubles) > 0 {
		return troubles
	}
	return []Trouble{podTrouble(pod)}
}

// isSidecar tells whether an init container keeps running beside the others.
func isSidecar(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

// containerTrouble describes a container that is not as it should be; stays says that it is meant to keep running, not to
// end by itself.
func containerTrouble(status corev1.ContainerStatus, stays bool) (t Trouble, ok bool) {
	t = Trouble{Container: status.Name, Restarts: status.RestartCount, Exit: status.LastTerminationState.Terminated}
	switch state := status.State; {
	case state.Waiting != nil:
		t.Reason, t.Message = state.Waiting.Reason, state.Waiting.Message
		t.Started, t.Previous = t.Exit != nil, true
	case state.Terminated != nil:
		t.Reason, t.Exit, t.Started = state.Terminated.Reason, state.Terminated, true
		return t, state.Terminated.ExitCode != 0
	case state.Running != nil && stays:
		t.Reason, t.Started = "NotReady", true
		return t, !status.Ready
	case state.Running != nil:
		t.Reason, t.Started = "Running", true
	default:
		t.Reason = "Waiting"
	}
	return t, true
}

// podTrouble describes a pod whose containers have no state of interest yet.
func podTrouble(pod *corev1.Pod) Trouble {
	t := Trouble{Reason: string(pod.Status.Phase), Message: pod.Status.Message}
	if pod.Status.Reason != "" {
		t.Reason = pod.Status.Reason
	}
	if pod.DeletionTimestamp != nil {
		t.Reason = "Terminating"
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			t.Reason, t.Message = c.Reason, c.Message
		}
	}
	return t
}

// Short is one line on a container: its state and, if it failed, how it ended.
func (t Trouble) Short() string {
	text := t.Reason
	if t.Container != "" {
		text = fmt.Sprintf("container %q %s", t.Container, t.Reason)
	}
	// A crash loop's message only says for how long it pauses.
	if t.Message != "" && t.Reason != "CrashLoopBackOff" {
		text += ": " + strings.TrimSpace(t.Message)
	}
	if t.Exit != nil {
		text += fmt.Sprintf(" (exit code %d", t.Exit.ExitCode)
		if t.Exit.Reason != "" && t.Exit.Reason != "Error" && t.Exit.Reason != t.Reason {
			text += ", " + t.Exit.Reason
		}
		if t.Restarts > 0 {
			text += fmt.Sprintf(", %d restarts", t.Restarts)
		}
		text += ")"
	}
	return text
}

// Progress is a line on the first pod that is not ready, or "".
func Progress(pods []corev1.Pod) string {
	for i := range pods {
		if troubles := Troubles(&pods[i]); len(troubles) > 0 && pods[i].DeletionTimestamp == nil {
			reason := troubles[0].Reason
			if exit := troubles[0].Exit; exit != nil {
				reason += fmt.Sprintf(", exit code %d", exit.ExitCode)
			}
			return fmt.Sprintf("waiting for pod %s: %s", pods[i].Name, reason)
		}
	}
	return ""
}

func fromUnstructured(object map[string]any, into any) error {
	return runtime.DefaultUnstructuredConverter.FromUnstructured(object, into)
}
