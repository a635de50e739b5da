package random

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/bcrypt"
)

// kind is one resource type of the provider.
type kind struct {
	// defaults are the inputs that a program may leave out.
	defaults resource.PropertyMap
	// outputs are the properties that generate adds, and whether they are secret.
	outputs map[string]bool
	// check lists what is wrong with known inputs, by property.
	check func(inputs resource.PropertyMap) map[string]string
	// generate makes the outputs and the id.
	generate func(inputs resource.PropertyMap) (string, resource.PropertyMap, error)
	// adopt makes the inputs and outputs of an existing value that is imported.
	adopt func(value string) (id string, inputs, outputs resource.PropertyMap, err error)
}

// kinds are the resource types by their tokens.
var kinds = map[string]kind{
	"random:index/randomPassword:RandomPassword": {
		defaults: characterDefaults(), outputs: map[string]bool{"result": true, "bcryptHash": true},
		check: checkCharacters, generate: generatePassword, adopt: adoptPassword,
	},
	"random:index/randomString:RandomString": {
		defaults: characterDefaults(), outputs: map[string]bool{"result": false},
		check: checkCharacters, generate: generateString, adopt: adoptString,
	},
	"random:index/randomId:RandomId": {
		outputs: map[string]bool{"b64Std": false, "b64Url": false, "dec": false, "hex": false},
		check:   checkID, generate: generateID, adopt: adoptID,
	},
	"random:index/randomUuid:RandomUuid": {
		outputs:  map[string]bool{"result": false},
		generate: generateUUID, adopt: adoptUUID,
	},
}

// characterDefaults are the inputs of RandomPassword and RandomString when left out.
func characterDefaults() resource.PropertyMap {
	return resource.NewPropertyMapFromMap(map[string]any{
		"lower": true, "upper": true, "numeric": true, "number": true, "special": true,
		"minLower": 0, "minUpper": 0, "minNumeric": 0, "minSpecial": 0,
	})
}

func charsetOf(in resource.PropertyMap) charset {
	number := func(key resource.PropertyKey) int {
		if v := in[key]; v.IsNumber() {
			return int(v.NumberValue())
		}
		return 0
	}
	flag := func(key resource.PropertyKey) bool { return !in[key].IsBool() || in[key].BoolValue() }
	c := charset{
		length: number("length"), lower: flag("lower"), upper: flag("upper"),
		numeric: flag("numeric") && flag("number"), special: flag("special"),
		minLower: number("minLower"), minUpper: number("minUpper"),
		minNumeric: number("minNumeric"), minSpecial: number("minSpecial"),
	}
	if v := in["overrideSpecial"]; v.IsString() {
		c.overrideSpecial = v.StringValue()
	}
	return c
}

func checkCharacters(in resource.PropertyMap) map[string]string {
	if !in["length"].IsNumber() {
		return map[string]string{"length": "length is missing: it must be a number, 1 or more"}
	}
	return charsetOf(in).problems()
}

func generatePassword(in resource.PropertyMap) (string, resource.PropertyMap, error) {
	result, err := charsetOf(in).generate()
	if err != nil {
		return "", nil, err
	}
	outputs, err := passwordOutputs(result)
	return "none", outputs, err
}

func passwordOutputs(result string) (resource.PropertyMap, error) {
	// bcrypt reads 72 bytes and no more.
	hash, err := bcrypt.GenerateFromPassword([]byte(result)[:min(len(result), 72)], bcrypt.DefaultCost)
	if err != nil {
		return nil, err
	}
	return resource.PropertyMap{
		"result":     resource.NewStringProperty(result),
		"bcryptHash": resource.NewStringProperty(string(hash)),
	}, nil
}

func adoptPassword(value string) (string, resource.PropertyMap, resource.PropertyMap, error) {
	outputs, err := passwordOutputs(value)
	return "none", lengthInputs(value), outputs, err
}

func generateString(in resource.PropertyMap) (string, resource.PropertyMap, error) {
	result, err := charsetOf(in).generate()
	return result, resource.PropertyMap{"result": resource.NewStringProperty(result)}, err
}

func adoptString(value string) (string, resource.PropertyMap, resource.PropertyMap, error) {
	return value, lengthInputs(value), resource.PropertyMap{"result": resource.NewStringProperty(value)}, nil
}

func lengthInputs(value string) resource.PropertyMap {
	return resource.PropertyMap{"length": resource.NewNumberProperty(float64(len([]rune(value))))}
}

func checkID(in resource.PropertyMap) map[string]string {
	if v := in["byteLength"]; !v.IsNumber() || v.NumberValue() < 1 {
		return map[string]string{"byteLength": "byteLength is missing or too small: it must be a number, 1 or more"}
	}
	return nil
}

func generateID(in resource.PropertyMap) (string, resource.PropertyMap, error) {
	bytes := make([]byte, int(in["byteLength"].NumberValue()))
	if _, err := rand.Read(bytes); err != nil {
		return "", nil, err
	}
	prefix := ""
	if v := in["prefix"]; v.IsString() {
		prefix = v.StringValue()
	}
	id, outputs := idOutputs(prefix, bytes)
	return id, outputs, nil
}

func idOutputs(prefix string, bytes []byte) (string, resource.PropertyMap) {
	url := base64.RawURLEncoding.EncodeToString(bytes)
	return url, resource.NewPropertyMapFromMap(map[string]any{
		"b64Url": prefix + url,
		"b64Std": prefix + base64.StdEncoding.EncodeToString(bytes),
		"hex":    prefix + hex.EncodeToString(bytes),
		"dec":    prefix + new(big.Int).SetBytes(bytes).String(),
	})
}

// adoptID takes an id, or a prefix and an id with a comma between them.
func adoptID(value string) (string, resource.PropertyMap, resource.PropertyMap, error) {
	prefix, id := "", value
	if i := strings.LastIndex(value, ","); i >= 0 {
		prefix, id = value[:i], value[i+1:]
	}
	bytes, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		return "", nil, nil, fmt.Errorf("%q is not an id in URL-safe base64: %w", id, err)
	}
	inputs := resource.PropertyMap{"byteLength": resource.NewNumberProperty(float64(len(bytes)))}
	if prefix != "" {
		inputs["prefix"] = resource.NewStringProperty(prefix)
	}
	id, outputs := idOutputs(prefix, bytes)
	return id, inputs, outputs, nil
}

func generateUUID(resource.PropertyMap) (string, resource.PropertyMap, error) {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", nil, err
	}
	// RFC 9562: version 4, variant 10.
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	uuid := fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
	return uuid, resource.PropertyMap{"result": resource.NewStringProperty(uuid)}, nil
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func adoptUUID(value string) (string, resource.PropertyMap, resource.PropertyMap, error) {
	if !uuidForm.MatchString(value) {
		return "", nil, nil, fmt.Errorf("%q is not a UUID such as 6ba7b810-9dad-41d1-80b4-00c04fd430c8", value)
	}
	return value, resource.PropertyMap{}, resource.PropertyMap{"result": resource.NewStringProperty(value)}, nil
}
