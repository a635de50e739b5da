package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// newStore returns a store for real disks; it needs root, loop devices and xfsprogs.
func newStore(t *testing.T) *Store {
	t.Helper()
	if _, err := exec.LookPath("mkfs.xfs"); err != nil || os.Geteuid() != 0 {
		t.Skip("needs root and xfsprogs")
	}
	return &Store{Dir: t.TempDir()}
}

// sizeAt is the size of the file system on path, in bytes.
func sizeAt(t *testing.T, path string) int64 {
	t.Helper()
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		t.Fatal(err)
	}
	return int64(stat.Blocks) * stat.Bsize
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestVolumeIsARealDiskThatGrowsInPlaceAndKeepsItsData(t *testing.T) {
	store := newStore(t)
	path, err := store.Create("pvc-1", 400<<20)
	must(t, err)
	t.Cleanup(func() { _ = store.Delete("pvc-1") })
	must(t, os.WriteFile(filepath.Join(path, "row"), []byte("kept"), 0o600))
	if size := sizeAt(t, path); size < 300<<20 || size > 400<<20 {
		t.Fatalf("file system of %d bytes on a disk of 400 MiB", size)
	}
	again, err := store.Create("pvc-1", 400<<20)
	must(t, err)
	if again != path {
		t.Fatalf("made again at %s", again)
	}
	must(t, store.Grow("pvc-1", 1<<30))
	must(t, store.Grow("pvc-1", 1<<30))
	if size := sizeAt(t, path); size < 900<<20 {
		t.Fatalf("%d bytes after growing to 1 GiB", size)
	}
	if text, err := os.ReadFile(filepath.Join(path, "row")); err != nil || string(text) != "kept" {
		t.Fatalf("%q, %v", text, err)
	}
}

func TestVolumesComeBackAfterTheirNodeAndUnmountedFoldersTakeNoData(t *testing.T) {
	store := newStore(t)
	path, err := store.Create("pvc-1", smallest)
	must(t, err)
	t.Cleanup(func() { _ = store.Delete("pvc-1") })
	must(t, os.WriteFile(filepath.Join(path, "row"), []byte("kept"), 0o600))
	must(t, os.WriteFile(filepath.Join(store.Dir, "pvc-2.img.tmp"), []byte("half made"), 0o600))
	_, err = run("umount", path)
	must(t, err)
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0 {
		t.Fatalf("mode %o without its disk", info.Mode().Perm())
	}
	must(t, store.MountAll())
	must(t, store.MountAll())
	if _, err := os.Stat(filepath.Join(path, "row")); err != nil {
		t.Fatal(err)
	}
}

func TestDeleteLeavesNothingAndMayBeRepeated(t *testing.T) {
	store := newStore(t)
	_, err := store.Create("pvc-1", smallest)
	must(t, err)
	for range 2 {
		must(t, store.Delete("pvc-1"))
	}
	left, err := os.ReadDir(store.Dir)
	must(t, err)
	if len(left) != 0 {
		t.Fatalf("left: %v", left)
	}
}

func TestClaimWantsMoreOnlyWhenBoundAndLarger(t *testing.T) {
	quantity := func(text string) v1.ResourceList {
		return v1.ResourceList{v1.ResourceStorage: resource.MustParse(text)}
	}
	for _, c := range []struct {
		phase      v1.PersistentVolumeClaimPhase
		asked, has string
		want       bool
	}{
		{v1.ClaimBound, "8Gi", "8Gi", false},
		{v1.ClaimBound, "9Gi", "8Gi", true},
		{v1.ClaimPending, "9Gi", "8Gi", false},
		{v1.ClaimBound, "100Mi", "300Mi", false}, // rounded up when it was made
	} {
		claim := &v1.PersistentVolumeClaim{Status: v1.PersistentVolumeClaimStatus{Phase: c.phase, Capacity: quantity(c.has)}}
		claim.Spec.Resources.Requests = quantity(c.asked)
		if got := wantsMore(claim); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
