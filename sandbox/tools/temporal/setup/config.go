package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"text/template"
)

// The functions that Temporal's template uses and text/template does not have, as dockerize defines them, with which
// the official image fills it in.
var functions = template.FuncMap{
	"default": valueOr,
	"lower":   strings.ToLower,
	"split":   strings.Split,
	"trim":    strings.TrimSpace,
}

// valueOr returns the value of a variable, also an empty one; the fallback only where the variable is not set.
func valueOr(value any, fallback string) string {
	if value == nil {
		return fallback
	}
	return fmt.Sprint(value)
}

// writeConfig fills in a template with environment variables. The result has the database's password in it.
func writeConfig(source, target string, environment []string) error {
	text, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	parsed, err := template.New(source).Funcs(functions).Parse(string(text))
	if err != nil {
		return err
	}
	variables := map[string]string{}
	for _, pair := range environment {
		name, value, _ := strings.Cut(pair, "=")
		variables[name] = value
	}
	var filled bytes.Buffer
	if err := parsed.Execute(&filled, map[string]any{"Env": variables}); err != nil {
		return err
	}
	return os.WriteFile(target, filled.Bytes(), 0o600)
}
