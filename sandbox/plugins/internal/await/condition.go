package await

import (
	"encoding/json"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/jsonpath"
)

// Condition is what the annotation pulumi.com/waitFor asks of an object.
type Condition struct {
	text string
	met  func(object map[string]any) bool
}

// ParseConditions reads the annotation's value: an expression or a JSON list of them, each either
// "condition=Type[=Status]" or "jsonpath={path}[=value]". An empty text gives none.
func ParseConditions(text string) ([]Condition, error) {
	if text == "" {
		return nil, nil
	}
	var texts []string
	if json.Unmarshal([]byte(text), &texts) != nil {
		texts = []string{text}
	}
	conditions := make([]Condition, 0, len(texts))
	for _, t := range texts {
		c, err := parseCondition(t)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	if len(conditions) == 0 {
		return nil, fmt.Errorf("pulumi.com/waitFor is an empty list: it must have at least one condition")
	}
	return conditions, nil
}

func parseCondition(text string) (Condition, error) {
	if rest, ok := strings.CutPrefix(text, "condition="); ok {
		name, status, given := strings.Cut(rest, "=")
		if !given {
			status = "True"
		}
		return Condition{text, func(o map[string]any) bool { return hasCondition(o, name, status) }}, nil
	}
	rest, ok := strings.CutPrefix(text, "jsonpath=")
	if !ok {
		return Condition{}, fmt.Errorf(`pulumi.com/waitFor is %q: it must begin with "condition=" or "jsonpath="`, text)
	}
	path, value, given := rest, "", false
	if i := strings.LastIndex(rest, "}="); i >= 0 {
		path, value, given = rest[:i+1], rest[i+2:], true
	}
	parsed := jsonpath.New("waitFor").AllowMissingKeys(true)
	if err := parsed.Parse(path); err != nil {
		return Condition{}, fmt.Errorf("pulumi.com/waitFor is %q: %w", text, err)
	}
	return Condition{text, func(o map[string]any) bool {
		results, err := parsed.FindResults(o)
		if err != nil || len(results) == 0 || len(results[0]) == 0 {
			return false
		}
		return !given || fmt.Sprint(results[0][0].Interface()) == value
	}}, nil
}

func hasCondition(object map[string]any, name, status string) bool {
	list, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, item := range list {
		if c, ok := item.(map[string]any); ok && strings.EqualFold(fmt.Sprint(c["type"]), name) {
			return strings.EqualFold(fmt.Sprint(c["status"]), status)
		}
	}
	return false
}

func all(conditions []Condition, object *unstructured.Unstructured) Verdict {
	for _, c := range conditions {
		if !c.met(object.Object) {
			return waiting("waiting for %s", c.text)
		}
	}
	return ready
}

// Problems are the conditions of an object that say why it does not get on.
func Problems(object *unstructured.Unstructured) []string {
	if object.GetKind() != "Deployment" {
		return nil
	}
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &d); err != nil {
		return nil
	}
	return deploymentProblems(&d)
}
