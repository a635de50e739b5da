package python

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

func info(t *testing.T, options map[string]any) *pulumirpc.ProgramInfo {
	t.Helper()
	s, err := structpb.NewStruct(options)
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.ProgramInfo{RootDirectory: "/project", ProgramDirectory: "/project", EntryPoint: ".", Options: s}
}

func TestVirtualenv(t *testing.T) {
	for option, want := range map[string]string{"": "", ".venv": "/project/.venv", "/elsewhere": "/elsewhere"} {
		env, err := environmentOf(info(t, map[string]any{"virtualenv": option, "typechecker": "mypy"}))
		if err != nil || env.venv != want {
			t.Errorf("%q: %q, %v", option, env.venv, err)
		}
	}
	if _, err := environmentOf(info(t, map[string]any{"virtualenv": true})); err == nil {
		t.Error("a virtualenv that is no path was taken")
	}
	env := environment{venv: filepath.Join(t.TempDir(), "missing")}
	if _, err := env.python(); err == nil || !strings.Contains(err.Error(), "pulumi install") {
		t.Errorf("a missing virtualenv: %v", err)
	}
}

func write(t *testing.T, root, path, content string) {
	t.Helper()
	file := filepath.Join(root, "lib", "python3.11", "site-packages", path)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRequiredPackages(t *testing.T) {
	root := t.TempDir()
	write(t, root, "pulumi_kubernetes/pulumi-plugin.json", `{"resource":true,"name":"kubernetes","version":"4.34.2"}`)
	write(t, root, "pulumi_random/pulumi-plugin.json", `{"resource":true,"version":"v4.21.4"}`)
	write(t, root, "pulumi_policy/pulumi-plugin.json", `{"resource":false}`)
	r, err := New("").GetRequiredPackages(context.Background(),
		&pulumirpc.GetRequiredPackagesRequest{Info: info(t, map[string]any{"virtualenv": root})})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, p := range r.Packages {
		got[p.Kind+" "+p.Name] = p.Version
	}
	want := map[string]string{"resource kubernetes": "v4.34.2", "resource random": "v4.21.4"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestProgramDependencies(t *testing.T) {
	root := t.TempDir()
	write(t, root, "pulumi_random-4.21.4.dist-info/METADATA", "Name: pulumi_random\nVersion: 4.21.4\n"+
		"Requires-Dist: Pulumi<4.0.0,>=3.0\nRequires-Dist: pytest; extra == 'test'\n\nName: in the text")
	write(t, root, "pulumi-3.246.0.dist-info/METADATA", "Name: pulumi\nVersion: 3.246.0")
	for transitive, want := range map[bool][]string{
		false: {"pulumi_random 4.21.4"}, true: {"pulumi 3.246.0", "pulumi_random 4.21.4"},
	} {
		r, err := New("").GetProgramDependencies(context.Background(), &pulumirpc.GetProgramDependenciesRequest{
			Info: info(t, map[string]any{"virtualenv": root}), TransitiveDependencies: transitive,
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range r.Dependencies {
			got = append(got, d.Name+" "+d.Version)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("transitive %v: got %v, want %v", transitive, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	got := settingsOf(&pulumirpc.RunRequest{
		Project: "lakehouse", Stack: "dev", Organization: "o", MonitorAddress: "m:1", DryRun: true, Parallel: 4,
		Pwd: "/project", Config: map[string]string{"lakehouse:a": "b"}, ConfigSecretKeys: []string{"lakehouse:a"},
		Info: info(t, nil),
	}, "e:1")
	want := settings{
		Project: "lakehouse", Stack: "dev", Organization: "o", RootDirectory: "/project", Monitor: "m:1", Engine: "e:1",
		Parallel: 4, DryRun: true, Pwd: "/project", Program: "/project", Args: []string{},
		Config: map[string]string{"lakehouse:a": "b"}, ConfigSecretKeys: []string{"lakehouse:a"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// The exit code of the program decides what the engine is told; the runner itself needs the SDK and runs in the sandbox.
func TestExitCodes(t *testing.T) {
	h := New("")
	for script, want := range map[string]int{"exit 0": 0, "exit 32": 32, "exit 3": 3, "kill -9 $$": -1} {
		fake := filepath.Join(t.TempDir(), "python")
		if err := os.WriteFile(fake, []byte("#!/bin/sh\ncat <&3 >/dev/null\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		code, err := h.runPython(context.Background(), fake, os.Environ(), t.TempDir(), []byte("{}"))
		if err != nil || code != want {
			t.Errorf("%s: code %d, %v", script, code, err)
		}
	}
}
