package await

import (
	"cmp"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"lakehouse/sandbox/plugins/internal/diagnose"
)

// Verdict is what one look at an object says.
type Verdict struct {
	// Ready ends the wait; Failed, if not "", ends it as hopeless.
	Ready  bool
	Failed string
	// Waiting says what is waited for.
	Waiting string
}

var ready = Verdict{Ready: true}

func waiting(format string, args ...any) Verdict {
	return Verdict{Waiting: fmt.Sprintf(format, args...)}
}

// deployment is ready when its newest version runs in full and nothing of an older one is left.
func deployment(d *appsv1.Deployment) Verdict {
	want, s := ptr.Deref(d.Spec.Replicas, 1), d.Status
	switch {
	case s.ObservedGeneration < d.Generation:
		return waiting("[1/2] waiting for the Deployment controller")
	case s.UpdatedReplicas < want:
		return waiting("[1/2] %d of %d pods are of the new version", s.UpdatedReplicas, want)
	case s.Replicas > s.UpdatedReplicas:
		return waiting("[2/2] %d pods of the old version are still there", s.Replicas-s.UpdatedReplicas)
	case s.AvailableReplicas < s.UpdatedReplicas:
		return waiting("[2/2] %d of %d pods are available", s.AvailableReplicas, want)
	}
	return ready
}

// deploymentProblems are the conditions of a Deployment that say why it does not get on.
func deploymentProblems(d *appsv1.Deployment) []string {
	var problems []string
	for _, c := range d.Status.Conditions {
		bad := c.Status == corev1.ConditionFalse
		if c.Type == appsv1.DeploymentReplicaFailure {
			bad = c.Status == corev1.ConditionTrue
		}
		if bad {
			problems = append(problems, fmt.Sprintf("[%s] %s", c.Reason, c.Message))
		}
	}
	return problems
}

// statefulSet is ready when all its pods are of the newest version and ready; with the strategy OnDelete an update leaves
// the old ones until somebody deletes them.
func statefulSet(s *appsv1.StatefulSet) Verdict {
	want, st := ptr.Deref(s.Spec.Replicas, 1), s.Status
	if st.ObservedGeneration < s.Generation {
		return waiting("[1/2] waiting for the StatefulSet controller")
	}
	if st.Replicas != want || st.ReadyReplicas != want {
		return waiting("[1/2] %d of %d pods are ready", st.ReadyReplicas, want)
	}
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType && s.Generation > 1 {
		return ready
	}
	if updated := want - partition(s); st.UpdatedReplicas < updated {
		return waiting("[2/2] %d of %d pods are of the new version", st.UpdatedReplicas, updated)
	}
	if partition(s) == 0 && st.UpdateRevision != st.CurrentRevision {
		return waiting("[2/2] waiting for the new version to become the current one")
	}
	return ready
}

// partition is how many pods a rolling update leaves alone.
func partition(s *appsv1.StatefulSet) int32 {
	if rolling := s.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		return min(ptr.Deref(rolling.Partition, 0), ptr.Deref(s.Spec.Replicas, 1))
	}
	return 0
}

func daemonSet(d *appsv1.DaemonSet) Verdict {
	s := d.Status
	switch {
	case s.ObservedGeneration < d.Generation:
		return waiting("[1/2] waiting for the DaemonSet controller")
	case s.UpdatedNumberScheduled < s.DesiredNumberScheduled:
		return waiting("[1/2] %d of %d pods are of the new version", s.UpdatedNumberScheduled, s.DesiredNumberScheduled)
	case s.NumberAvailable < s.DesiredNumberScheduled:
		return waiting("[2/2] %d of %d pods are available", s.NumberAvailable, s.DesiredNumberScheduled)
	}
	return ready
}

// job is ready when it is complete, and hopeless when it has failed.
func job(j *batchv1.Job) Verdict {
	for _, c := range j.Status.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			return ready
		case batchv1.JobFailed:
			return Verdict{Failed: fmt.Sprintf("[%s] %s", c.Reason, c.Message)}
		case batchv1.JobSuspended:
			return ready
		}
	}
	s := j.Status
	if s.StartTime == nil {
		return waiting("[1/2] waiting for the Job to start")
	}
	return waiting("[2/2] waiting for the Job to succeed (active %d, succeeded %d, failed %d)", s.Active, s.Succeeded, s.Failed)
}

// pod is ready when it serves or has done its work, and hopeless when it failed and is not started again.
func pod(p *corev1.Pod) Verdict {
	if diagnose.Ready(p) {
		return ready
	}
	if p.Status.Phase == corev1.PodFailed {
		return Verdict{Failed: cmp.Or(p.Status.Message, p.Status.Reason, "a container of it failed")}
	}
	return waiting("[1/1] waiting for the pod to be ready")
}
