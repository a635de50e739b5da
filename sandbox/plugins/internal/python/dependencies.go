package python

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// InstallDependencies makes the virtual environment, if it is missing, and installs requirements.txt into it.
func (h *Host) InstallDependencies(
	req *pulumirpc.InstallDependenciesRequest,
	stream grpc.ServerStreamingServer[pulumirpc.InstallDependenciesResponse],
) error {
	env, err := environmentOf(req.GetInfo())
	if err != nil {
		return err
	}
	ctx := stream.Context()
	out := streamWriter(func(p []byte) error {
		return stream.Send(&pulumirpc.InstallDependenciesResponse{Stdout: p})
	})
	if env.venv != "" {
		if _, err := os.Stat(filepath.Join(env.venv, "bin", "python")); err != nil {
			base, err := environment{}.python()
			if err != nil {
				return err
			}
			if err := command(ctx, out, "", base, "-m", "venv", env.venv); err != nil {
				return err
			}
		}
	}
	folder := req.GetInfo().GetProgramDirectory()
	requirements := filepath.Join(folder, "requirements.txt")
	if _, err := os.Stat(requirements); err != nil {
		return nil
	}
	python, err := env.python()
	if err != nil {
		return err
	}
	return command(ctx, out, folder, python, "-m", "pip", "install", "--disable-pip-version-check", "-r", requirements)
}

func command(ctx context.Context, out io.Writer, folder, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// streamWriter passes what is written on to the engine.
type streamWriter func([]byte) error

func (w streamWriter) Write(p []byte) (int, error) {
	return len(p), w(append([]byte(nil), p...))
}

// GetProgramDependencies lists the installed packages; without transitive ones, those that no other package requires.
func (h *Host) GetProgramDependencies(
	_ context.Context, req *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	env, err := environmentOf(req.GetInfo())
	if err != nil {
		return nil, err
	}
	folders, err := env.sitePackages()
	if err != nil {
		return nil, err
	}
	var packages []distribution
	required := map[string]bool{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.dist-info", "METADATA"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			d, err := readMetadata(file)
			if err != nil {
				return nil, err
			}
			packages = append(packages, d)
			for _, r := range d.requires {
				required[r] = true
			}
		}
	}
	response := &pulumirpc.GetProgramDependenciesResponse{}
	for _, d := range packages {
		if req.GetTransitiveDependencies() || !required[normalName(d.name)] {
			response.Dependencies = append(response.Dependencies,
				&pulumirpc.DependencyInfo{Name: d.name, Version: d.version})
		}
	}
	sort.Slice(response.Dependencies, func(i, j int) bool {
		return response.Dependencies[i].Name < response.Dependencies[j].Name
	})
	return response, nil
}

// distribution is what an installed package says about itself.
type distribution struct {
	name, version string
	requires      []string // normal names, those of extras left out
}

var (
	requirementName = regexp.MustCompile(`^[A-Za-z0-9._-]+`)
	nameSeparators  = regexp.MustCompile(`[-_.]+`)
)

// normalName is the form in which package names compare equal (PEP 503).
func normalName(name string) string {
	return strings.ToLower(nameSeparators.ReplaceAllString(name, "-"))
}

// readMetadata reads the headers of a METADATA file (the format of e-mail headers, PEP 566).
func readMetadata(file string) (distribution, error) {
	f, err := os.Open(file)
	if err != nil {
		return distribution{}, err
	}
	defer f.Close()
	var d distribution
	reader := bufio.NewReader(f)
	for {
		line, err := reader.ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return distribution{}, err
		}
		line = strings.TrimSpace(line)
		if line == "" {
			return d, nil
		}
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "Name":
			d.name = value
		case "Version":
			d.version = value
		case "Requires-Dist":
			if !strings.Contains(value, "extra ==") {
				d.requires = append(d.requires, normalName(requirementName.FindString(value)))
			}
		}
	}
}
