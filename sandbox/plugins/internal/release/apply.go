package release

import (
	"context"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"lakehouse/sandbox/plugins/internal/props"
)

// Create installs the release. In a preview the chart is rendered, and nothing made.
func (p *Provider) Create(ctx context.Context, req *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	inputs, err := props.Decode(req.GetProperties(), "inputs")
	if err != nil {
		return nil, err
	}
	state, id, err := p.apply(ctx, req.GetUrn(), inputs, req.GetPreview(), true)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.CreateResponse{Id: id, Properties: state}, nil
}

// Update upgrades the release. In a preview the chart is rendered, and nothing changed.
func (p *Provider) Update(ctx context.Context, req *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	inputs, err := props.Decode(req.GetNews(), "inputs")
	if err != nil {
		return nil, err
	}
	state, _, err := p.apply(ctx, req.GetUrn(), inputs, req.GetPreview(), false)
	if err != nil {
		return nil, err
	}
	return &pulumirpc.UpdateResponse{Properties: state}, nil
}

// apply brings the release about, whatever was there before. create says that it is new to the stack.
func (p *Provider) apply(
	ctx context.Context, urn string, inputs resource.PropertyMap, preview, create bool,
) (*structpb.Struct, string, error) {
	s, err := decode(inputs)
	if err != nil {
		return nil, "", err
	}
	if preview {
		if !inputs.ContainsUnknowns() {
			if err := p.preview(ctx, s); err != nil {
				return nil, "", err
			}
		}
		state, err := encodeState(inputs, nil)
		return state, "", err
	}
	if err := p.Cluster.Unreachable(ctx); err != nil {
		return nil, "", reachableError(err)
	}
	defer p.Log.Status(urn, "")
	made, failed, err := p.run(ctx, urn, s, create)
	if err != nil {
		return nil, "", err
	}
	state, err := encodeState(inputs, made)
	if err != nil {
		return nil, "", err
	}
	if failed != nil {
		return nil, "", partial(s.id(), failed.summary, failed.reasons, state)
	}
	return state, s.id(), nil
}

// failedRelease is a release that was made, but does not run.
type failedRelease struct {
	summary string
	reasons []string
}

// run installs or upgrades. A release that failed, and has not been undone, is returned along with its failure; anything
// else that goes wrong is an error.
func (p *Provider) run(
	ctx context.Context, urn string, s spec, create bool,
) (*helmrelease.Release, *failedRelease, error) {
	h, err := p.helmIn(s.Namespace)
	if err != nil {
		return nil, nil, err
	}
	found, err := h.load(s)
	if err != nil {
		return nil, nil, err
	}
	revisions, err := h.history(s.Name)
	if err != nil {
		return nil, nil, err
	}
	todo := planFor(revisions)
	if create && todo.serves && !p.Upsert {
		return nil, nil, fmt.Errorf("Helm release %s exists already and is not managed by this stack: import it, give the "+
			"resource an alias if it was renamed, or let the provider take it over with upsertExistingObjects", s.id())
	}
	if todo.first != nothing {
		p.Log.Info(urn, fmt.Sprintf("release %s was interrupted (%s): %s first",
			s.id(), revisions[len(revisions)-1].Info.Status, todo.first))
		if err := h.recover(s, todo); err != nil {
			return nil, nil, err
		}
		if revisions, err = h.history(s.Name); err != nil {
			return nil, nil, err
		}
	}
	after := 0
	if len(revisions) > 0 {
		after = revisions[len(revisions)-1].Version
	}
	watching, stop := context.WithCancel(ctx)
	defer stop()
	observer := observe(watching, p.Cluster, h, s, after, func(text string) { p.Log.Status(urn, text) })

	var made *helmrelease.Release
	if todo.install {
		made, err = h.install(ctx, s, found.chart, false)
	} else {
		made, err = h.upgrade(ctx, s, found.chart, false)
	}
	stop()
	if err == nil {
		return made, nil, nil
	}
	return p.failed(ctx, urn, h, s, made, err, observer, after)
}

// failed says why Helm failed, while what failed is still there, and then undoes an atomic release.
func (p *Provider) failed(
	ctx context.Context, urn string, h helm, s spec, made *helmrelease.Release, cause error, observer *observer, after int,
) (*helmrelease.Release, *failedRelease, error) {
	summary := fmt.Sprintf("Helm release %s failed: %s", s.id(), shortCause(cause))
	last, err := h.action.Releases.Last(s.Name)
	if err != nil || last.Version <= after {
		// Nothing has been made of it.
		return nil, nil, fmt.Errorf("%s", summary)
	}
	p.Log.Status(urn, "finding out why it failed")
	reasons := observer.explain(ctx)
	if made == nil {
		made = last
	}
	if ctx.Err() != nil {
		// Helm goes on in the background until the process ends: the next update puts things in order.
		return made, &failedRelease{summary + "; interrupted", reasons}, nil
	}
	if !s.Atomic {
		return made, &failedRelease{summary, reasons}, nil
	}
	p.Log.Status(urn, "undoing the failed release")
	undone, err := h.undo(s)
	if err != nil {
		return made, &failedRelease{fmt.Sprintf("%s; %v", summary, err), reasons}, nil
	}
	return nil, nil, fmt.Errorf("%s", failureText(fmt.Sprintf("%s; it has been %s", summary, undone), reasons))
}

// shortCause is Helm's error in few words: its lists of one error are no lists, its word for a timeout says little.
func shortCause(err error) string {
	text := strings.ReplaceAll(err.Error(), "1 error occurred:\n\t* ", "")
	text = strings.TrimSpace(text)
	if strings.Contains(text, "context deadline exceeded") || strings.Contains(text, "timed out waiting for the condition") {
		return "not ready in time (" + text + ")"
	}
	return text
}
