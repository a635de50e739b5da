package objects

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fixedFields are the parts of an object whose change replaces it, by group and kind. The API server refuses changes of
// more: those fail, as they do with the official provider.
var fixedFields = map[string][]string{
	"DaemonSet.apps":  {"spec.selector"},
	"Deployment.apps": {"spec.selector"},
	"StatefulSet.apps": {
		"spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName",
		"spec.volumeClaimTemplates",
	},
	"Job.batch":             {"spec.completions", "spec.parallelism", "spec.selector", "spec.template"},
	"PersistentVolumeClaim": {"spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"},
	"PersistentVolume": {
		"spec.awsElasticBlockStore", "spec.azureDisk", "spec.azureFile", "spec.cephfs", "spec.cinder", "spec.csi",
		"spec.fc", "spec.flexVolume", "spec.flocker", "spec.gcePersistentDisk", "spec.glusterfs", "spec.hostPath",
		"spec.iscsi", "spec.local", "spec.nfs", "spec.photonPersistentDisk", "spec.portworxVolume", "spec.quobyte",
		"spec.rbd", "spec.scaleIO", "spec.storageos", "spec.vsphereVolume",
	},
	"Pod":                                   podFields(),
	"ResourceQuota":                         {"spec.scopes"},
	"Secret":                                {"type"},
	"Service":                               {"spec.clusterIP"},
	"RoleBinding.rbac.authorization.k8s.io": {"roleRef"},
	"ClusterRoleBinding.rbac.authorization.k8s.io": {"roleRef"},
	"StorageClass.storage.k8s.io":                  {"parameters", "provisioner"},
}

// podFields is nearly all of a pod.
func podFields() []string {
	fields := []string{
		"spec.affinity", "spec.automountServiceAccountToken", "spec.dnsConfig", "spec.dnsPolicy",
		"spec.enableServiceLinks", "spec.hostAliases", "spec.hostIPC", "spec.hostNetwork", "spec.hostPID",
		"spec.hostname", "spec.imagePullSecrets", "spec.nodeName", "spec.nodeSelector", "spec.overhead",
		"spec.preemptionPolicy", "spec.priority", "spec.priorityClassName", "spec.readinessGates",
		"spec.restartPolicy", "spec.runtimeClassName", "spec.schedulerName", "spec.securityContext",
		"spec.serviceAccount", "spec.serviceAccountName", "spec.shareProcessNamespace", "spec.subdomain",
		"spec.terminationGracePeriodSeconds", "spec.volumes",
	}
	for _, list := range []string{"spec.containers[*].", "spec.initContainers[*]."} {
		for _, field := range []string{
			"args", "command", "env", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "ports",
			"readinessProbe", "resources", "securityContext", "stdin", "stdinOnce",
			"terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir",
		} {
			fields = append(fields, list+field)
		}
	}
	return fields
}

// Mutability says what of a Secret and a ConfigMap may be changed in place.
type Mutability struct {
	Secrets, ConfigMaps bool
}

// fixed lists what of an object, as it is to be, cannot be changed in place.
func (m Mutability) fixed(object *unstructured.Unstructured) []string {
	fields := []string{"metadata.name", "metadata.namespace"}
	kind := object.GroupVersionKind().GroupKind().String()
	immutable, _, _ := unstructured.NestedBool(object.Object, "immutable")
	switch {
	case kind == "Secret" && (immutable || !m.Secrets):
		return append(fields, "type", "stringData", "data")
	case kind == "ConfigMap" && (immutable || !m.ConfigMaps):
		return append(fields, "binaryData", "data")
	}
	return append(fields, fixedFields[kind]...)
}
