package await

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/utils/ptr"
)

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
