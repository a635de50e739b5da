package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	helmrelease "helm.sh/helm/v3/pkg/release"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"lakehouse/sandbox/plugins/internal/await"
	"lakehouse/sandbox/plugins/internal/cluster"
	"lakehouse/sandbox/plugins/internal/diagnose"
)

const (
	// lookInterval is how often the pods of a release are looked at while Helm works.
	lookInterval = time.Second
	// explainTime bounds the search for reasons after Helm has failed.
	explainTime = 30 * time.Second
	// maxTexts is how many pods a failure shows.
	maxTexts = 8
)

// observer looks at the pods of a release while Helm works on it. Helm says "timed out waiting for the condition" and, for
// a hook, deletes the pod: so what fails is written down while it is there to be seen.
type observer struct {
	cluster *cluster.Cluster
	helm    helm
	spec    spec
	report  func(string)

	mu sync.Mutex
	// objects are what runs pods in the release, hooks included; nil until Helm has rendered it.
	objects []*unstructured.Unstructured
	hooks   int
	// seen has, by pod, what was wrong with it when it last failed, and a mark of that failure.
	seen map[string]failure
}

type failure struct{ mark, text string }

// observe starts an observer that ends with the context; the revisions up to after are none of its business.
func observe(ctx context.Context, c *cluster.Cluster, h helm, s spec, after int, report func(string)) *observer {
	o := &observer{cluster: c, helm: h, spec: s, report: report, seen: map[string]failure{}}
	go func() {
		for ctx.Err() == nil {
			o.look(ctx, after)
			select {
			case <-ctx.Done():
			case <-time.After(lookInterval):
			}
		}
	}()
	return o
}

func (o *observer) look(ctx context.Context, after int) {
	o.mu.Lock()
	known := o.objects != nil
	o.mu.Unlock()
	if !known {
		r, err := o.helm.action.Releases.Last(o.spec.Name)
		if err != nil || r.Version <= after {
			o.report("preparing the release")
			return
		}
		o.learn(r)
	}
	o.mu.Lock()
	objects, hooks := o.objects, o.hooks
	o.mu.Unlock()
	pods := o.pods(ctx, objects)
	running, waiting := 0, ""
	for i, object := range objects {
		own := diagnose.Of(object, pods)
		o.note(ctx, own)
		isHook := i < hooks
		bad := slices.IndexFunc(own, func(p corev1.Pod) bool {
			return !diagnose.Ready(&p) || isHook && p.Status.Phase == corev1.PodRunning
		})
		switch {
		case bad < 0 && len(own) > 0 && !isHook:
			running++
		case bad >= 0 && isHook && diagnose.Ready(&own[bad]):
			waiting = cmp.Or(waiting, "hook "+own[bad].Name+" runs")
		case bad >= 0:
			waiting = cmp.Or(waiting, diagnose.Progress(own[bad:]))
		}
	}
	text := fmt.Sprintf("%d of %d workloads run", running, len(objects)-hooks)
	if waiting != "" {
		text += "; " + waiting
	}
	o.report(text)
}

// learn takes over what the release consists of.
func (o *observer) learn(r *helmrelease.Release) {
	runs := func(object *unstructured.Unstructured) bool { return !diagnose.HasPods(object) }
	hooks := slices.DeleteFunc(hookObjects(r), runs)
	objects := slices.DeleteFunc(parse(r.Manifest, r.Namespace), runs)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.objects, o.hooks = slices.Concat(hooks, objects, []*unstructured.Unstructured{}), len(hooks)
}

// pods lists the pods of the namespaces that the objects are in.
func (o *observer) pods(ctx context.Context, objects []*unstructured.Unstructured) []corev1.Pod {
	namespaces := map[string]bool{}
	for _, object := range objects {
		namespaces[object.GetNamespace()] = true
	}
	var pods []corev1.Pod
	for namespace := range namespaces {
		if list, err := o.cluster.Typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{}); err == nil {
			pods = append(pods, list.Items...)
		}
	}
	return pods
}

// note writes down each new failure of a container.
func (o *observer) note(ctx context.Context, pods []corev1.Pod) {
	for i := range pods {
		pod := &pods[i]
		mark := ""
		for _, t := range diagnose.Troubles(pod) {
			if t.Exit != nil {
				mark += fmt.Sprintf("%s %d %d;", t.Container, t.Restarts, t.Exit.ExitCode)
			}
		}
		o.mu.Lock()
		news := mark != "" && o.seen[pod.Name].mark != mark
		o.mu.Unlock()
		if news {
			text := diagnose.Finder{Client: o.cluster.Typed}.ExplainPod(ctx, pod)
			o.mu.Lock()
			o.seen[pod.Name] = failure{mark, text}
			o.mu.Unlock()
		}
	}
}

// explain says which parts of the release are not ready and why: as they are now, and as they were for pods that are gone.
func (o *observer) explain(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), explainTime)
	defer cancel()
	o.mu.Lock()
	known := o.objects != nil
	o.mu.Unlock()
	if !known {
		if r, err := o.helm.action.Releases.Last(o.spec.Name); err == nil {
			o.learn(r)
		}
	}
	o.mu.Lock()
	objects, seen := o.objects, maps.Clone(o.seen)
	o.mu.Unlock()

	var texts []string
	waiter := await.Waiter{Cluster: o.cluster}
	for _, object := range objects {
		client, err := o.cluster.Resource(object.GroupVersionKind(), object.GetNamespace())
		if err != nil {
			continue
		}
		live, err := client.Get(ctx, object.GetName(), metav1.GetOptions{})
		if err != nil {
			continue
		}
		var notReady *await.NotReady
		if errors.As(waiter.Look(ctx, live), &notReady) {
			texts = append(texts, notReady.Error())
		}
	}
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, "pod "+name+":") }) &&
			o.stillWrong(ctx, name) {
			texts = append(texts, seen[name].text)
		}
	}
	return texts[:min(len(texts), maxTexts)]
}

// stillWrong tells whether a pod that once failed is gone or has not recovered.
func (o *observer) stillWrong(ctx context.Context, name string) bool {
	pod, err := o.cluster.Typed.CoreV1().Pods(o.spec.Namespace).Get(ctx, name, metav1.GetOptions{})
	return err != nil || !diagnose.Ready(pod)
}
