package await

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
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
		return Verdict{Failed: "the pod failed"}
	}
	return waiting("[1/1] waiting for the pod to be ready")
}

// service is ready when all pods that it selects are ready, and a load balancer has its address. One that selects no pod
// at all is let pass once settled says that there was time for one to come.
func service(s *corev1.Service, slices []discoveryv1.EndpointSlice, settled bool) Verdict {
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
		return waiting("[2/2] waiting for the load balancer's address")
	}
	if s.Spec.Type == corev1.ServiceTypeExternalName || s.Spec.ClusterIP == corev1.ClusterIPNone || len(s.Spec.Selector) == 0 {
		return ready
	}
	readyOnes, unready := 0, 0
	for _, slice := range slices {
		for _, e := range slice.Endpoints {
			if ptr.Deref(e.Conditions.Ready, true) {
				readyOnes++
			} else if !ptr.Deref(e.Conditions.Terminating, false) {
				unready++
			}
		}
	}
	switch {
	case unready > 0:
		return waiting("[1/2] waiting for the Service's pods: %d ready, %d not", readyOnes, unready)
	case readyOnes == 0 && !settled:
		return waiting("[1/2] looking for pods to direct traffic to")
	}
	return ready
}

// claim is ready when it is bound, and as large as asked for or as large as it gets without its file system being mounted
// again. One whose volume is made for its first consumer does not wait for that. Growth that nobody has taken up once
// settled says that there was time for it is not waited for either: some provisioners cannot grow a volume.
func claim(c *corev1.PersistentVolumeClaim, waitsForConsumer, settled bool) Verdict {
	if c.Status.Phase == corev1.ClaimLost {
		return Verdict{Failed: "the claim's volume is lost"}
	}
	if c.Status.Phase != corev1.ClaimBound {
		if waitsForConsumer {
			return ready
		}
		return waiting("[1/2] waiting for a volume")
	}
	want, have := c.Spec.Resources.Requests[corev1.ResourceStorage], c.Status.Capacity[corev1.ResourceStorage]
	if have.Cmp(want) >= 0 {
		return ready
	}
	underWay := len(c.Status.AllocatedResourceStatuses) > 0
	for _, condition := range c.Status.Conditions {
		if condition.Status != corev1.ConditionTrue {
			continue
		}
		if condition.Type == corev1.PersistentVolumeClaimFileSystemResizePending {
			return ready
		}
		underWay = underWay || condition.Type == corev1.PersistentVolumeClaimResizing
	}
	if settled && !underWay {
		return ready
	}
	return waiting("[2/2] waiting for the volume to grow from %s to %s", have.String(), want.String())
}

// established is ready when the API server serves the kind that a CustomResourceDefinition defines.
func established(conditions []condition) Verdict {
	for _, c := range conditions {
		if c.Type == "Established" && c.Status == "True" {
			return ready
		}
		if c.Type == "NamesAccepted" && c.Status == "False" {
			return Verdict{Failed: fmt.Sprintf("[%s] %s", c.Reason, c.Message)}
		}
	}
	return waiting("[1/1] waiting for the definition to be established")
}

// condition is one entry of an object's status.conditions, of whatever kind.
type condition struct {
	Type    string `json:"type"`
	Status  string `json:"status"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}
