// Package props turns Pulumi's property values into plain Go data and back, keeping track of what is secret and what is
// not known yet.
package props

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/protobuf/types/known/structpb"
)

// Decode reads properties off the wire; what names them in an error.
func Decode(s *structpb.Struct, what string) (resource.PropertyMap, error) {
	m, err := plugin.UnmarshalProperties(s, plugin.MarshalOptions{
		Label: what, KeepUnknowns: true, KeepSecrets: true, KeepResources: true, SkipInternalKeys: false,
	})
	if err != nil {
		return nil, fmt.Errorf("malformed %s: %w", what, err)
	}
	return m, nil
}

// Encode writes properties for the wire; what names them in an error.
func Encode(m resource.PropertyMap, what string) (*structpb.Struct, error) {
	s, err := plugin.MarshalProperties(m, plugin.MarshalOptions{
		Label: what, KeepUnknowns: true, KeepSecrets: true, KeepResources: true,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot encode %s: %w", what, err)
	}
	return s, nil
}
