package python

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// environment is where a program's Python and its packages are.
type environment struct {
	// venv is the folder of the virtual environment, or "" for the Python on PATH.
	venv string
}

// environmentOf reads the option `virtualenv` of Pulumi.yaml; a relative path starts at the project's folder.
func environmentOf(info *pulumirpc.ProgramInfo) (environment, error) {
	value, ok := info.GetOptions().AsMap()["virtualenv"]
	if !ok || value == "" {
		return environment{}, nil
	}
	venv, ok := value.(string)
	if !ok {
		return environment{}, fmt.Errorf("Pulumi.yaml: runtime.options.virtualenv is %v: it must be a path", value)
	}
	if !filepath.IsAbs(venv) {
		venv = filepath.Join(info.GetRootDirectory(), venv)
	}
	return environment{venv: venv}, nil
}

// python is the interpreter that runs the program.
func (e environment) python() (string, error) {
	if e.venv == "" {
		command := "python3"
		if chosen := os.Getenv("PULUMI_PYTHON_CMD"); chosen != "" {
			command = chosen
		}
		return exec.LookPath(command)
	}
	path := filepath.Join(e.venv, "bin", "python")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is missing: run `pulumi install`, or make the virtual environment named by "+
			"runtime.options.virtualenv in Pulumi.yaml yourself", path)
	} else if err != nil {
		return "", err
	}
	return path, nil
}

// environ is the process's environment with the virtual environment switched on.
func (e environment) environ() []string {
	if e.venv == "" {
		return os.Environ()
	}
	var env []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PATH=") && !strings.HasPrefix(pair, "PYTHONHOME=") {
			env = append(env, pair)
		}
	}
	bin := filepath.Join(e.venv, "bin")
	return append(env, "VIRTUAL_ENV="+e.venv, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// sitePackages lists the folders that the interpreter imports installed packages from.
func (e environment) sitePackages() ([]string, error) {
	if e.venv != "" {
		return filepath.Glob(filepath.Join(e.venv, "lib", "python3*", "site-packages"))
	}
	python, err := e.python()
	if err != nil {
		return nil, err
	}
	out, err := exec.Command(python, "-c", "import json,site;print(json.dumps(site.getsitepackages()+[site.getusersitepackages()]))").Output()
	if err != nil {
		return nil, fmt.Errorf("%s cannot list its package folders: %w", python, err)
	}
	var folders []string
	return folders, json.Unmarshal(out, &folders)
}

// plugins lists the Pulumi providers that the installed packages need, as their pulumi-plugin.json says.
func (e environment) plugins() ([]*pulumirpc.PackageDependency, error) {
	folders, err := e.sitePackages()
	if err != nil {
		return nil, err
	}
	found := map[string]*pulumirpc.PackageDependency{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*", "pulumi-plugin.json"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			dependency, err := readPluginFile(file)
			if err != nil {
				return nil, err
			}
			if dependency != nil {
				found[dependency.Name] = dependency
			}
		}
	}
	list := make([]*pulumirpc.PackageDependency, 0, len(found))
	for _, dependency := range found {
		list = append(list, dependency)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Name < list[j].Name })
	return list, nil
}

// readPluginFile reads one pulumi-plugin.json; a package without a provider of its own gives nil.
func readPluginFile(file string) (*pulumirpc.PackageDependency, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var plugin struct {
		Resource bool   `json:"resource"`
		Name     string `json:"name"`
		Version  string `json:"version"`
		Server   string `json:"server"`
	}
	if err := json.Unmarshal(content, &plugin); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if !plugin.Resource {
		return nil, nil
	}
	if plugin.Name == "" {
		plugin.Name = strings.TrimPrefix(filepath.Base(filepath.Dir(file)), "pulumi_")
	}
	if plugin.Version != "" && !strings.HasPrefix(plugin.Version, "v") {
		plugin.Version = "v" + plugin.Version
	}
	return &pulumirpc.PackageDependency{
		Name: plugin.Name, Kind: "resource", Version: plugin.Version, Server: plugin.Server,
	}, nil
}
