// Package await waits until an object in the cluster is what it is meant to be, or gone, and tells meanwhile what is
// waited for.
package await

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/diagnose"
)

const (
	// DefaultTimeout is the official provider's.
	DefaultTimeout = 10 * time.Minute
	// lookAgain is how often an object is judged anew without news of it: what it depends on may have changed.
	lookAgain = time.Second
	// explainTime bounds the search for reasons after a wait has failed.
	explainTime = 15 * time.Second
)

// NotReady is the failure of a wait: what happened in a line, then the reasons found, one text each.
type NotReady struct {
	Summary string
	Reasons []string
	// Object is the object as it was last seen.
	Object *unstructured.Unstructured
}

func (e *NotReady) Error() string {
	return strings.Join(append([]string{e.Summary}, e.Reasons...), "\n")
}

// Waiter waits for objects of one cluster.
type Waiter struct {
	Cluster *cluster.Cluster
	// Progress is told what is waited for; it may be told the same thing again.
	Progress func(string)
}

// Ready waits until the object is ready and returns it as it then is; before is the object before it was changed, nil if
// it was created. The wait ends with *NotReady when the timeout is over, the context is cancelled, or the object has
// failed for good. conditions, if there are any, replace the kind's own notion of readiness.
func (w Waiter) Ready(
	ctx context.Context, object, before *unstructured.Unstructured, conditions []Condition, timeout time.Duration,
) (*unstructured.Unstructured, error) {
	if len(conditions) == 0 && !HasReadiness(object) {
		return object, nil
	}
	generation := object.GetGeneration()
	kind := judge{client: w.Cluster.Typed, before: before}
	decide := func(ctx context.Context, live *unstructured.Unstructured) (Verdict, error) {
		if live.GetGeneration() < generation {
			return waiting("waiting for the change to arrive"), nil
		}
		if len(conditions) > 0 {
			return all(conditions, live), nil
		}
		return kind.look(ctx, live)
	}
	anew := false
	if len(conditions) == 0 {
		timeout, anew = patience(object, timeout)
	}
	return w.until(ctx, object, limit{timeout, anew}, "ready", decide)
}

// Look judges an object once: nil if it is ready, *NotReady with the reasons if it is not.
func (w Waiter) Look(ctx context.Context, object *unstructured.Unstructured) error {
	kind := judge{client: w.Cluster.Typed, once: true}
	verdict, err := kind.look(ctx, object)
	if err != nil || verdict.Ready {
		return err
	}
	summary := "failed: " + verdict.Failed
	if verdict.Failed == "" {
		summary = "is not ready: " + verdict.Waiting
	}
	return w.explained(ctx, object, fmt.Sprintf("%s %s", title(object), summary))
}

// Gone waits until the object, by its UID, no longer exists.
func (w Waiter) Gone(ctx context.Context, object *unstructured.Unstructured, timeout time.Duration) error {
	uid := object.GetUID()
	_, err := w.until(ctx, object, limit{time: timeout}, "deleted", func(_ context.Context, live *unstructured.Unstructured) (Verdict, error) {
		if live == nil || uid != "" && live.GetUID() != uid {
			return ready, nil
		}
		text := "waiting for the deletion"
		if finalizers := live.GetFinalizers(); len(finalizers) > 0 {
			text += ", held by " + strings.Join(finalizers, ", ")
		}
		return waiting("%s", text), nil
	})
	return err
}

// limit is how long a wait may take, or, where it begins anew with each change of the object, how long nothing may change.
type limit struct {
	time time.Duration
	anew bool
}

// until judges the object at each change of it, and now and then. A judge that takes nil is told when it is gone.
func (w Waiter) until(
	ctx context.Context, object *unstructured.Unstructured, limit limit, goal string,
	judge func(context.Context, *unstructured.Unstructured) (Verdict, error),
) (*unstructured.Unstructured, error) {
	client, err := w.Cluster.Resource(object.GroupVersionKind(), object.GetNamespace())
	if err != nil {
		return object, err
	}
	timed, cancel := context.WithCancel(ctx)
	defer cancel()
	over := time.AfterFunc(limit.time, cancel)
	defer over.Stop()
	began, live, last, enough := time.Now(), object, "", false
	end := func() (*unstructured.Unstructured, error) {
		if enough {
			return live, nil
		}
		return live, w.timedOut(ctx, live, goal, last, began)
	}
	news := follow(timed, client, object.GetName())
	for {
		current, err := client.Get(timed, object.GetName(), metav1.GetOptions{})
		gone := apierrors.IsNotFound(err)
		switch {
		case timed.Err() != nil:
			return end()
		case gone && goal != "deleted":
			return live, &NotReady{Summary: title(object) + " was deleted while it was waited for", Object: live}
		case gone:
			current = nil
		case err != nil:
			// The API server may be away for a moment.
			last = err.Error()
		}
		if err == nil || gone {
			verdict, judgeErr := judge(timed, current)
			if current != nil {
				if limit.anew && current.GetResourceVersion() != live.GetResourceVersion() {
					over.Reset(limit.time)
				}
				live = current
			}
			enough = verdict.Enough
			switch {
			case judgeErr != nil && timed.Err() == nil:
				last = judgeErr.Error()
			case verdict.Ready:
				return live, nil
			case verdict.Failed != "":
				return live, w.explained(ctx, live, fmt.Sprintf("%s failed: %s", title(live), verdict.Failed))
			case verdict.Waiting != "":
				last = verdict.Waiting
			}
			w.report(timed, live, last)
		}
		select {
		case <-timed.Done():
			return end()
		case <-news:
		case <-time.After(lookAgain):
		}
	}
}

// timedOut is the failure of a wait that took too long or was cancelled.
func (w Waiter) timedOut(
	ctx context.Context, live *unstructured.Unstructured, goal, last string, began time.Time,
) error {
	took := time.Since(began).Round(time.Second)
	summary := fmt.Sprintf("%s is not %s after %s: %s", title(live), goal, took, last)
	if errors.Is(ctx.Err(), context.Canceled) {
		return &NotReady{Summary: fmt.Sprintf("cancelled while %s was waited for: %s", title(live), last), Object: live}
	}
	return w.explained(ctx, live, summary)
}

// explained adds the reasons that can be found.
func (w Waiter) explained(ctx context.Context, live *unstructured.Unstructured, summary string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTime)
	defer cancel()
	reasons := Problems(live)
	reasons = append(reasons, diagnose.Finder{Client: w.Cluster.Typed}.Explain(ctx, live)...)
	return &NotReady{Summary: summary, Reasons: reasons, Object: live}
}

// report says what is waited for, with the pod that it depends on.
func (w Waiter) report(ctx context.Context, live *unstructured.Unstructured, text string) {
	if w.Progress == nil {
		return
	}
	if diagnose.HasPods(live) {
		if pods, err := (diagnose.Finder{Client: w.Cluster.Typed}).Pods(ctx, live); err == nil {
			if pod := diagnose.Progress(pods); pod != "" {
				text += "; " + pod
			}
		}
	}
	w.Progress(text)
}

func title(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return fmt.Sprintf("%s %s", object.GetKind(), object.GetName())
	}
	return fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())
}
