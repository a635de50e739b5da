package release

import (
	"context"
	"fmt"
	"strings"
)

// preview renders the chart, so that a mistake in its values shows. With a cluster, the chart sees it, and existing objects
// that would be in the way are found.
func (p *Provider) preview(ctx context.Context, s spec) error {
	h, err := p.helmIn(s.Namespace)
	if err != nil {
		return err
	}
	found, err := h.load(s)
	if err != nil {
		return err
	}
	if err := p.Cluster.Unreachable(ctx); err != nil {
		p.Log.WarnOnce(fmt.Sprintf("configured Kubernetes cluster is unreachable: %v", err))
		return previewError(s, h.render(s, found.chart))
	}
	revisions, err := h.history(s.Name)
	if err != nil {
		return err
	}
	if todo := planFor(revisions); todo.install || todo.first != nothing {
		_, err = h.install(ctx, s, found.chart, true)
	} else {
		_, err = h.upgrade(ctx, s, found.chart, true)
	}
	if err != nil && strings.Contains(err.Error(), "no matches for kind") {
		// Kinds that the same update is about to define.
		err = h.render(s, found.chart)
	}
	return previewError(s, err)
}

func previewError(s spec, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("chart %s with the values of release %s: %w", s.Chart, s.id(), err)
}
