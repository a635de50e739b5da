package await

import (
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Verdict is what one look at an object says.
type Verdict struct {
	// Ready ends the wait; Failed, if not "", ends it as hopeless.
	Ready  bool
	Failed string
	// Waiting says what is waited for.
	Waiting string
	// Enough says that what is there will do when the time is over.
	Enough bool
}

var ready = Verdict{Ready: true}

func waiting(format string, args ...any) Verdict {
	return Verdict{Waiting: fmt.Sprintf(format, args...)}
}

// revision is where the Deployment controller notes the number of a version of the pods.
const revision = "deployment.kubernetes.io/revision"

// deployment is ready when it is available and the ReplicaSet of its newest version has all its pods ready; from the
// second version on, also when the controller says that this version is all there is. Claims that its pods mount must be
// bound.
func deployment(d *appsv1.Deployment, replicaSets []appsv1.ReplicaSet, claims []corev1.PersistentVolumeClaim) Verdict {
	if d.Status.ObservedGeneration != d.Generation {
		return waiting("[1/2] waiting for the Deployment controller")
	}
	newest := d.Annotations[revision]
	var set *appsv1.ReplicaSet
	for i := range replicaSets {
		owned := slices.ContainsFunc(replicaSets[i].OwnerReferences, func(o metav1.OwnerReference) bool { return o.UID == d.UID })
		if owned && newest != "" && replicaSets[i].Annotations[revision] == newest {
			set = &replicaSets[i]
		}
	}
	if set == nil {
		return waiting("[1/2] waiting for the ReplicaSet of the new version")
	}
	want := ptr.Deref(set.Spec.Replicas, 1)
	if set.Status.ReadyReplicas < want {
		return waiting("[1/2] %d of %d pods of the new version are ready", set.Status.ReadyReplicas, want)
	}
	if !deploymentHas(d, appsv1.DeploymentAvailable, "") {
		return waiting("[2/2] waiting for the Deployment to be available")
	}
	if newest != "1" && !deploymentHas(d, appsv1.DeploymentProgressing, "NewReplicaSetAvailable") {
		return waiting("[2/2] waiting for the old version to be gone")
	}
	for _, volume := range d.Spec.Template.Spec.Volumes {
		for i := range claims {
			mounted := volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.ClaimName == claims[i].Name
			if mounted && claims[i].Status.Phase != corev1.ClaimBound {
				return waiting("[2/2] waiting for the claim %s to be bound", claims[i].Name)
			}
		}
	}
	return ready
}

// deploymentHas tells whether a condition is true, for the reason if one is given.
func deploymentHas(d *appsv1.Deployment, name appsv1.DeploymentConditionType, reason string) bool {
	return slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		return c.Type == name && c.Status == corev1.ConditionTrue && (reason == "" || c.Reason == reason)
	})
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

// statefulSet is ready when all its pods are ready and of the newest version, which has become the current one: under a
// partition it never does. With the strategy OnDelete an update leaves the old pods until somebody deletes them.
func statefulSet(s *appsv1.StatefulSet) Verdict {
	want, st := ptr.Deref(s.Spec.Replicas, 1), s.Status
	if st.ObservedGeneration < s.Generation {
		return waiting("[1/3] waiting for the StatefulSet controller")
	}
	if st.Replicas != want || st.ReadyReplicas != want {
		return waiting("[1/3] %d of %d pods are ready", st.ReadyReplicas, want)
	}
	if s.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType && s.Generation > 1 {
		return ready
	}
	if st.CurrentRevision == "" || st.CurrentRevision != st.UpdateRevision {
		return waiting("[2/3] waiting for the new version to become the current one; %d of %d pods are of it", st.UpdatedReplicas, want)
	}
	if st.CurrentReplicas != want {
		return waiting("[3/3] %d of %d pods are of the current version", st.CurrentReplicas, want)
	}
	return ready
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

// job is ready when it is complete. It is hopeless when it had its tries or its time: a Job that failed for another
// reason, such as a pod failure policy, is waited for until the end.
func job(j *batchv1.Job) Verdict {
	s, complete := j.Status, false
	for _, c := range s.Conditions {
		if c.Status != corev1.ConditionTrue {
			continue
		}
		switch c.Type {
		case batchv1.JobComplete:
			complete = true
		case batchv1.JobFailed:
			if c.Reason == batchv1.JobReasonBackoffLimitExceeded || c.Reason == batchv1.JobReasonDeadlineExceeded {
				return Verdict{Failed: fmt.Sprintf("[%s] %s", c.Reason, c.Message)}
			}
		}
	}
	switch {
	case s.StartTime == nil:
		return waiting("[1/2] waiting for the Job to start")
	case complete:
		return ready
	}
	return waiting("[2/2] waiting for the Job to succeed (active %d, succeeded %d, failed %d)", s.Active, s.Succeeded, s.Failed)
}

// pod is ready when it was scheduled and initialized, and serves or has done its work. One that failed is waited for.
func pod(p *corev1.Pod) Verdict {
	for _, name := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodInitialized} {
		if !podHas(p, name) {
			return waiting("waiting for the pod to be %s", name)
		}
	}
	if podHas(p, corev1.PodReady) || p.Status.Phase == corev1.PodSucceeded {
		return ready
	}
	return waiting("waiting for the pod to be ready")
}

func podHas(p *corev1.Pod, name corev1.PodConditionType) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == name && c.Status == corev1.ConditionTrue
	})
}
