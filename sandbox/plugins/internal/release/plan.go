package release

import (
	"slices"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

// step is what has to be done first about a release that is there already.
type step int

const (
	// nothing: no release, or one that an upgrade can follow.
	nothing step = iota
	// startOver: a first install that was cut short. Its hooks may not have run, and an upgrade would not run them: it is
	// removed and installed anew.
	startOver
	// rollBack: an upgrade or rollback that was cut short, after a version that worked.
	rollBack
	// declareFailed: an upgrade that was cut short, and no version that worked. Helm upgrades what has failed.
	declareFailed
)

// plan is how to bring about a release, given those of its name.
type plan struct {
	first step
	// to is the revision to roll back to.
	to int
	// install says that there will be nothing to upgrade.
	install bool
	// serves says that a version of the release works, or has worked.
	serves bool
}

// planFor decides by the history of the release, oldest first.
func planFor(history []*helmrelease.Release) plan {
	if len(history) == 0 {
		return plan{install: true}
	}
	worked := 0
	for _, r := range history {
		if r.Info.Status == helmrelease.StatusDeployed || r.Info.Status == helmrelease.StatusSuperseded {
			worked = r.Version
		}
	}
	last := history[len(history)-1]
	switch last.Info.Status {
	case helmrelease.StatusUninstalled, helmrelease.StatusUninstalling, helmrelease.StatusPendingInstall:
		return plan{first: startOver, install: true}
	case helmrelease.StatusPendingUpgrade, helmrelease.StatusPendingRollback:
		if worked > 0 {
			return plan{first: rollBack, to: worked, serves: true}
		}
		return plan{first: declareFailed}
	case helmrelease.StatusFailed:
		if worked == 0 && len(history) == 1 && !ranHooks(last, helmrelease.HookPreInstall) {
			return plan{first: startOver, install: true}
		}
	}
	return plan{serves: worked > 0}
}

// ranHooks tells whether all hooks of an event have succeeded.
func ranHooks(r *helmrelease.Release, event helmrelease.HookEvent) bool {
	for _, hook := range r.Hooks {
		if slices.Contains(hook.Events, event) && hook.LastRun.Phase != helmrelease.HookPhaseSucceeded {
			return false
		}
	}
	return true
}

// String says what the step is, to the user.
func (s step) String() string {
	switch s {
	case startOver:
		return "it is uninstalled"
	case rollBack:
		return "it is rolled back"
	case declareFailed:
		return "it is declared failed"
	default:
		return "nothing"
	}
}
