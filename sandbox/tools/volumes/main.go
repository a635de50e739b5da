// Volumes gives the sandbox's claims real disks: each is an XFS file system of the claim's size in an image file,
// attached to a loop device. It provisions, deletes and grows them in place.
//
//	volumes -dir DIR -mount-all                          mount what exists, then end: run before the kubelet starts pods
//	volumes -dir DIR -node NODE -kubeconfig FILE         serve claims until killed
package main

import (
	"context"
	"flag"
	"os"

	v1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedv1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
	"sigs.k8s.io/sig-storage-lib-external-provisioner/v13/controller"
)

// driver is the provisioner's name in StorageClass and PersistentVolume objects.
const driver = "lakehouse-sandbox/volumes"

func main() {
	dir := flag.String("dir", "", "folder of the images and their mount points")
	node := flag.String("node", "", "name of the node that the volumes are on")
	kubeconfig := flag.String("kubeconfig", "", "kubeconfig file of this process")
	mountAll := flag.Bool("mount-all", false, "mount every image in -dir, then end")
	flag.Parse()

	store := &Store{Dir: *dir}
	if *mountAll {
		exitOn(store.MountAll())
		return
	}
	exitOn(serve(context.Background(), store, *node, *kubeconfig))
}

func serve(ctx context.Context, store *Store, node, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	events := record.NewBroadcaster()
	events.StartRecordingToSink(&typedv1.EventSinkImpl{Interface: client.CoreV1().Events("")})

	factory := informers.NewSharedInformerFactory(client, controller.DefaultResyncPeriod)
	claims := factory.Core().V1().PersistentVolumeClaims()
	resizer := newResizer(client, claims, store,
		events.NewRecorder(scheme.Scheme, v1.EventSource{Component: driver}))
	provisioning := controller.NewProvisionController(ctx, client, driver,
		&provisioner{store: store, node: node},
		controller.LeaderElection(false),
		controller.AddFinalizer(true),
		controller.ClaimsInformer(claims.Informer()))
	factory.Start(ctx.Done())
	go provisioning.Run(ctx)
	return resizer.run(ctx)
}

func exitOn(err error) {
	if err != nil {
		klog.ErrorS(err, "volumes ends")
		klog.Flush()
		os.Exit(1)
	}
}
