package release

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/postrender"
	helmrelease "helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/releaseutil"
	"helm.sh/helm/v3/pkg/storage/driver"
)

// history lists the release's revisions, oldest first; none if there is no such release.
func (h helm) history(name string) ([]*helmrelease.Release, error) {
	revisions, err := h.action.Releases.History(name)
	if err != nil && !errors.Is(err, driver.ErrReleaseNotFound) {
		return nil, fmt.Errorf("cannot read the history of release %s: %w", name, err)
	}
	releaseutil.SortByRevision(revisions)
	return revisions, nil
}

// recover does away with what a process that was killed has left, so that the release can be installed or upgraded.
func (h helm) recover(s spec, p plan) error {
	switch p.first {
	case startOver:
		// The hooks belong to a release that has been installed, which this one never was.
		return h.uninstall(s, true)
	case rollBack:
		rollback := action.NewRollback(h.action)
		rollback.Version, rollback.DisableHooks, rollback.Timeout = p.to, true, s.timeout()
		if err := rollback.Run(s.Name); err != nil {
			return fmt.Errorf("cannot roll back the interrupted upgrade of %s to revision %d: %w", s.Name, p.to, err)
		}
	case declareFailed:
		last, err := h.action.Releases.Last(s.Name)
		if err != nil {
			return err
		}
		last.SetStatus(helmrelease.StatusFailed, "interrupted")
		return h.action.Releases.Update(last)
	}
	return nil
}

// uninstall removes the release and waits until its objects are gone. One that is not there is fine.
func (h helm) uninstall(s spec, skipHooks bool) error {
	uninstall := action.NewUninstall(h.action)
	uninstall.IgnoreNotFound, uninstall.Wait = true, s.wait()
	uninstall.DisableHooks, uninstall.Timeout = skipHooks, s.timeout()
	_, err := uninstall.Run(s.Name)
	return err
}

// install installs the chart. It leaves a failed release as it is. dryRun renders it, and has the API server's kinds and
// existing objects looked at, but makes nothing.
func (h helm) install(ctx context.Context, s spec, c *chart.Chart, dryRun bool) (*helmrelease.Release, error) {
	install := action.NewInstall(h.action)
	install.ReleaseName, install.Namespace, install.CreateNamespace = s.Name, s.Namespace, s.CreateNamespace
	install.Wait, install.WaitForJobs, install.Timeout = s.wait(), s.wait() && s.WaitForJobs, s.timeout()
	install.DisableHooks, install.SkipCRDs, install.SubNotes = s.DisableWebhooks, s.SkipCrds, s.RenderSubchartNotes
	install.Replace, install.TakeOwnership, install.Description = s.Replace, s.TakeOwnership, s.Description
	install.DisableOpenAPIValidation = s.DisableOpenapiValidation
	if dryRun {
		install.DryRun, install.DryRunOption = true, "server"
		install.DisableOpenAPIValidation = true // as the official provider's preview: reading the schemas takes longer than all else
	}
	var err error
	if install.PostRenderer, err = postRenderer(s); err != nil {
		return nil, err
	}
	return install.RunWithContext(ctx, c, s.Values)
}

// render renders the chart without a cluster.
func (h helm) render(s spec, c *chart.Chart) error {
	install := action.NewInstall(h.action)
	install.ReleaseName, install.Namespace = s.Name, s.Namespace
	install.ClientOnly, install.DryRun, install.SubNotes = true, true, s.RenderSubchartNotes
	_, err := install.Run(c, s.Values)
	return err
}

// upgrade upgrades the release. It leaves a failed one as it is. dryRun is as for install.
func (h helm) upgrade(ctx context.Context, s spec, c *chart.Chart, dryRun bool) (*helmrelease.Release, error) {
	upgrade := action.NewUpgrade(h.action)
	upgrade.Namespace, upgrade.MaxHistory, upgrade.Description = s.Namespace, s.MaxHistory, s.Description
	upgrade.Wait, upgrade.WaitForJobs, upgrade.Timeout = s.wait(), s.wait() && s.WaitForJobs, s.timeout()
	upgrade.DisableHooks = s.DisableWebhooks || s.DisableCRDHooks
	upgrade.SkipCRDs, upgrade.SubNotes, upgrade.Force = s.SkipCrds, s.RenderSubchartNotes, s.ForceUpdate
	upgrade.ResetValues, upgrade.ReuseValues, upgrade.Recreate = s.ResetValues, s.ReuseValues, s.RecreatePods
	upgrade.CleanupOnFail, upgrade.TakeOwnership = s.CleanupOnFail, s.TakeOwnership
	upgrade.DisableOpenAPIValidation = s.DisableOpenapiValidation
	if dryRun {
		upgrade.DryRun, upgrade.DryRunOption = true, "server"
		upgrade.DisableOpenAPIValidation = true
	}
	var err error
	if upgrade.PostRenderer, err = postRenderer(s); err != nil {
		return nil, err
	}
	return upgrade.RunWithContext(ctx, s.Name, c, s.Values)
}

func postRenderer(s spec) (postrender.PostRenderer, error) {
	if s.Postrender == "" {
		return nil, nil
	}
	renderer, err := postrender.NewExec(s.Postrender)
	if err != nil {
		return nil, fmt.Errorf("postrender: %w", err)
	}
	return renderer, nil
}

// undo does what Helm does for an atomic release that failed: back to the last version that worked, or away with it. It
// says what was done.
func (h helm) undo(s spec) (string, error) {
	revisions, err := h.history(s.Name)
	if err != nil {
		return "", err
	}
	worked := 0
	for _, r := range revisions {
		if r.Info.Status == helmrelease.StatusDeployed || r.Info.Status == helmrelease.StatusSuperseded {
			worked = r.Version
		}
	}
	if worked == 0 {
		if err := h.uninstall(s, s.DisableWebhooks); err != nil {
			return "", fmt.Errorf("and could not be uninstalled: %w", err)
		}
		return "uninstalled", nil
	}
	rollback := action.NewRollback(h.action)
	rollback.Version, rollback.Wait, rollback.WaitForJobs = worked, true, s.WaitForJobs
	rollback.DisableHooks, rollback.Recreate, rollback.Force = s.DisableWebhooks, s.RecreatePods, s.ForceUpdate
	rollback.Timeout = s.timeout()
	if err := rollback.Run(s.Name); err != nil {
		return "", fmt.Errorf("and could not be rolled back to revision %d: %w", worked, err)
	}
	return fmt.Sprintf("rolled back to revision %d", worked), nil
}
