package main

import (
	"context"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// provisioner answers the provision controller with volumes out of the store.
type provisioner struct {
	store *Store
	node  string
}

func (p *provisioner) Provision(
	_ context.Context, options controller.ProvisionOptions,
) (*v1.PersistentVolume, controller.ProvisioningState, error) {
	for _, mode := range options.PVC.Spec.AccessModes {
		if mode == v1.ReadOnlyMany || mode == v1.ReadWriteMany {
			return nil, controller.ProvisioningFinished,
				fmt.Errorf("access mode %s: one node's disk offers ReadWriteOnce and ReadWriteOncePod", mode)
		}
	}
	size := sizeOf(options.PVC)
	path, err := p.store.Create(options.PVName, size)
	if err != nil {
		return nil, controller.ProvisioningFinished, err
	}
	volume := &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: options.PVName},
		Spec: v1.PersistentVolumeSpec{
			Capacity:                      v1.ResourceList{v1.ResourceStorage: *resource.NewQuantity(size, resource.BinarySI)},
			AccessModes:                   options.PVC.Spec.AccessModes,
			PersistentVolumeReclaimPolicy: *options.StorageClass.ReclaimPolicy,
			VolumeMode:                    options.PVC.Spec.VolumeMode,
			PersistentVolumeSource:        v1.PersistentVolumeSource{Local: &v1.LocalVolumeSource{Path: path}},
			NodeAffinity:                  onNode(p.node),
		},
	}
	return volume, controller.ProvisioningFinished, nil
}

func (p *provisioner) Delete(_ context.Context, volume *v1.PersistentVolume) error {
	return p.store.Delete(volume.Name)
}

// sizeOf is what the claim asks for, or the least that the file system can be, in bytes.
func sizeOf(claim *v1.PersistentVolumeClaim) int64 {
	request := claim.Spec.Resources.Requests[v1.ResourceStorage]
	return max(request.Value(), smallest)
}

func onNode(name string) *v1.VolumeNodeAffinity {
	return &v1.VolumeNodeAffinity{Required: &v1.NodeSelector{
		NodeSelectorTerms: []v1.NodeSelectorTerm{{
			MatchExpressions: []v1.NodeSelectorRequirement{{
				Key: v1.LabelHostname, Operator: v1.NodeSelectorOpIn, Values: []string{name},
			}},
		}},
	}}
}
