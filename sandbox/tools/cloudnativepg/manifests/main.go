// Command manifests prints what the CloudNativePG operator of this version is installed from: definitions, roles,
// webhooks and its Deployment. The operator's module carries them, so they cannot be of another version than the manager.
package main

import (
	"fmt"
	"os"

	"github.com/cloudnative-pg/cloudnative-pg/pkg/versions"
	"github.com/cloudnative-pg/cloudnative-pg/releases"
)

func main() {
	text, err := releases.OperatorManifests.ReadFile(fmt.Sprintf("cnpg-%s.yaml", versions.Version))
	if err == nil {
		_, err = os.Stdout.Write(text)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
