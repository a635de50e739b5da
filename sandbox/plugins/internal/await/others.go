package await

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// settleTime is how long a Service's endpoints are given to settle.
const settleTime = 10 * time.Second

// settling tells whether a Service's endpoints have settled: settleTime after the first change, or after one of those
// that came since. A change unsettles them until the time of an earlier or of this one is over.
type settling struct {
	version string
	due     []time.Time
	settled bool
}

// see takes note of the endpoints as they are now, nil if there are none.
func (s *settling) see(e *corev1.Endpoints, now time.Time) bool { //nolint:staticcheck // as the official provider
	if e != nil && e.ResourceVersion+string(e.UID) != s.version {
		s.version = e.ResourceVersion + string(e.UID)
		s.settled = false
		s.due = append(s.due, now.Add(settleTime))
	}
	for len(s.due) > 0 && !now.Before(s.due[0]) {
		s.due, s.settled = s.due[1:], true
	}
	return s.settled
}

// service is ready when its endpoints have settled and all pods that it selects are ready, and a load balancer has its
// address. One that selects no pod at all is ready, too.
func service(s *corev1.Service, e *corev1.Endpoints, settled bool) Verdict { //nolint:staticcheck // as the official provider
	if s.Spec.Type == corev1.ServiceTypeLoadBalancer && len(s.Status.LoadBalancer.Ingress) == 0 {
		return waiting("[2/3] waiting for the load balancer's address")
	}
	if s.Spec.Type == corev1.ServiceTypeExternalName || s.Spec.ClusterIP == corev1.ClusterIPNone || len(s.Spec.Selector) == 0 {
		return ready
	}
	good, bad := 0, 0
	if e != nil {
		for _, subset := range e.Subsets {
			good, bad = good+len(subset.Addresses), bad+len(subset.NotReadyAddresses)
		}
	}
	switch {
	case bad > 0:
		return waiting("[1/3] waiting for the Service's pods: %d ready, %d not", good, bad)
	case !settled:
		v := waiting("[1/3] looking for pods to direct traffic to")
		v.Enough = true
		return v
	}
	return ready
}

// claim is ready when it is bound, or, where its volume is made for its first pod, while it is not. changed says that the
// claim was not created just now: then it is ready once it is bound. Nobody waits until it has grown.
func claim(c *corev1.PersistentVolumeClaim, waitsForConsumer, changed bool) Verdict {
	phase := c.Status.Phase
	switch {
	case changed && phase == corev1.ClaimBound:
		return ready
	case waitsForConsumer && phase == corev1.ClaimPending, !waitsForConsumer && phase == corev1.ClaimBound:
		return ready
	case waitsForConsumer:
		return waiting("waiting for the claim to be Pending, as its storage class waits for the first pod; it is %s", phase)
	}
	return waiting("waiting for the claim to be Bound; it is %s", phase)
}
