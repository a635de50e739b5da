package await

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/theory/jsonpath"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
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
	path, value, given, err := parsePath(rest)
	if err != nil {
		return Condition{}, fmt.Errorf("pulumi.com/waitFor is %q: %w", text, err)
	}
	return Condition{text, func(o map[string]any) bool {
		if isOlder(o, o["status"]) {
			return false
		}
		found := path.Select(o)
		if len(found) == 0 {
			return false
		}
		switch found[0].(type) {
		case map[string]any, []any:
			return !given
		}
		return !given || fmt.Sprint(found[0]) == value
	}}, nil
}

var braces = regexp.MustCompile(`\{\s*(.*?)\s*\}`)

// parsePath reads "{path}" or "{path}=value". A path is one of RFC 9535, with or without its leading $.
func parsePath(text string) (path *jsonpath.Path, value string, given bool, err error) {
	const equals = "\x00"
	parts := strings.Split(strings.ReplaceAll(text, "==", equals), "=")
	if len(parts) > 2 {
		return nil, "", false, errors.New("it must be {.path} or {.path}=value")
	}
	if given = len(parts) == 2; given {
		if value = strings.ReplaceAll(parts[1], equals, "=="); value == "" {
			return nil, "", false, errors.New("there is no value after =")
		}
	}
	inner := braces.FindStringSubmatch(strings.ReplaceAll(parts[0], equals, "=="))
	if len(inner) != 2 {
		return nil, "", false, errors.New("the path must be in braces")
	}
	expression := inner[1]
	if !strings.HasPrefix(expression, "$") {
		expression = "$" + expression
	}
	path, err = jsonpath.Parse(expression)
	return path, value, given, err
}

func hasCondition(object map[string]any, name, status string) bool {
	list, _, _ := unstructured.NestedSlice(object, "status", "conditions")
	for _, item := range list {
		c, ok := item.(map[string]any)
		if !ok || !strings.EqualFold(fmt.Sprint(c["type"]), name) {
			continue
		}
		of := any(c)
		if _, says := c["observedGeneration"]; !says {
			of = object["status"]
		}
		return !isOlder(object, of) && strings.EqualFold(fmt.Sprint(c["status"]), status)
	}
	return false
}

// isOlder tells whether a part of the status says that it is of an earlier generation than the object.
func isOlder(object map[string]any, part any) bool {
	generation, known, _ := unstructured.NestedInt64(object, "metadata", "generation")
	fields, ok := part.(map[string]any)
	if !ok || !known {
		return false
	}
	observed, says, _ := unstructured.NestedInt64(fields, "observedGeneration")
	return says && observed < generation
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
