package main

import (
	"os"
	"path/filepath"
	"testing"
)

const text = `size: {{ default .Env.SIZE "20" }}
tls: {{ default .Env.TLS "false" | lower }}
ca: "{{ default .Env.CA "none" }}"
{{- if .Env.METRICS }}
metrics: {{ .Env.METRICS }}
{{- end }}
`

func TestVariablesAreFilledInAndOnlyThoseNotSetHaveADefault(t *testing.T) {
	source, target := filepath.Join(t.TempDir(), "template"), filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeConfig(source, target, []string{"TLS=TRUE", "CA=", "OTHER=a=b"}); err != nil {
		t.Fatal(err)
	}
	found, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	if wanted := "size: 20\ntls: true\nca: \"\"\n"; string(found) != wanted {
		t.Errorf("found %q, not %q", found, wanted)
	}
	if status, _ := os.Stat(target); status.Mode().Perm() != 0o600 {
		t.Errorf("the file with the password has the mode %v", status.Mode())
	}
}

func TestAWrongCallSaysHow(t *testing.T) {
	for _, arguments := range [][]string{{}, {"config", "one"}, {"other"}} {
		if err := run(arguments); err == nil || err.Error() != usage {
			t.Errorf("%v: %v", arguments, err)
		}
	}
}
