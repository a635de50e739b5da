package props

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// MarkSecrets marks what is secret in the inputs as secret in the outputs, value by value where both are objects. A list
// with one secret in it becomes secret whole: its order may have changed.
func MarkSecrets(outputs, inputs resource.PropertyMap) {
	for key, in := range inputs {
		out, ok := outputs[key]
		switch {
		case !ok || out.IsSecret():
		case out.IsObject() && in.IsObject():
			MarkSecrets(out.ObjectValue(), in.ObjectValue())
		case in.ContainsSecrets():
			outputs[key] = resource.MakeSecret(out)
		}
	}
}

// MarkSecretKind marks the data of a Kubernetes Secret, whatever the inputs say.
func MarkSecretKind(m resource.PropertyMap) {
	if kind := m["kind"]; !kind.IsString() || kind.StringValue() != "Secret" {
		return
	}
	for _, key := range []resource.PropertyKey{"data", "stringData"} {
		if v, ok := m[key]; ok && !v.IsSecret() {
			m[key] = resource.MakeSecret(v)
		}
	}
}

// MarkUnknown makes unknown in the outputs what is unknown in the inputs, value by value.
func MarkUnknown(outputs, inputs resource.PropertyMap) {
	for key, in := range inputs {
		if out, ok := outputs[key]; ok {
			outputs[key] = markUnknownValue(out, in)
		}
	}
}

func markUnknownValue(out, in resource.PropertyValue) resource.PropertyValue {
	switch {
	case in.IsSecret():
		return markUnknownValue(out, in.SecretValue().Element)
	case in.IsComputed() || in.IsOutput() && !in.OutputValue().Known:
		return resource.MakeComputed(resource.NewStringProperty(""))
	case in.IsObject() && out.IsObject():
		MarkUnknown(out.ObjectValue(), in.ObjectValue())
	case in.IsArray() && out.IsArray():
		items := out.ArrayValue()
		for i, item := range in.ArrayValue() {
			if i < len(items) {
				items[i] = markUnknownValue(items[i], item)
			}
		}
	}
	return out
}
