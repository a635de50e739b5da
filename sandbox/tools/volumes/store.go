package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// smallest is the least size that mkfs.xfs accepts, in bytes.
const smallest = 300 << 20

// Store keeps volumes in one folder: NAME.img is the disk, NAME the folder that it is mounted on.
// XFS, not ext4: growing ext4 while mounted takes CAP_SYS_RESOURCE, which a virtual machine's root may lack.
type Store struct {
	Dir  string
	lock sync.Mutex // one change at a time: losetup and mount tables are machine-wide
}

// Create makes a volume of size bytes and returns where it is mounted. A second call finds the first one's.
func (s *Store) Create(name string, size int64) (string, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if _, err := os.Stat(s.image(name)); errors.Is(err, fs.ErrNotExist) {
		if err := s.format(name, size); err != nil {
			return "", err
		}
	} else if err != nil {
		return "", err
	}
	return s.path(name), s.mount(name)
}

// Grow makes a mounted volume size bytes large; one that is as large already stays.
func (s *Store) Grow(name string, size int64) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	device, err := mounted(s.path(name))
	if err != nil {
		return err
	}
	if device == "" {
		return fmt.Errorf("volume %s is not mounted", name)
	}
	image, err := os.Stat(s.image(name))
	if err != nil {
		return err
	}
	if image.Size() < size {
		if err := os.Truncate(s.image(name), size); err != nil {
			return err
		}
	}
	if _, err := run("losetup", "--set-capacity", device); err != nil {
		return err
	}
	_, err = run("xfs_growfs", s.path(name))
	return err
}

// Delete removes a volume; one that is gone, or half gone, is no error.
func (s *Store) Delete(name string) error {
	s.lock.Lock()
	defer s.lock.Unlock()
	device, err := mounted(s.path(name))
	if err != nil {
		return err
	}
	if device != "" {
		if _, err := run("umount", s.path(name)); err != nil {
			return err
		}
	}
	for _, path := range []string{s.image(name), s.path(name)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// MountAll mounts every volume that is not mounted yet.
func (s *Store) MountAll() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	images, err := filepath.Glob(s.image("*"))
	if err != nil {
		return err
	}
	for _, image := range images {
		if err := s.mount(strings.TrimSuffix(filepath.Base(image), ".img")); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) image(name string) string { return filepath.Join(s.Dir, name+".img") }
func (s *Store) path(name string) string  { return filepath.Join(s.Dir, name) }

// format makes the image under another name first: one that was interrupted is never taken for a disk.
func (s *Store) format(name string, size int64) error {
	unfinished := s.image(name) + ".tmp"
	file, err := os.OpenFile(unfinished, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(size), file.Close()); err != nil {
		return err
	}
	if _, err := run("mkfs.xfs", "-q", "-f", unfinished); err != nil {
		return err
	}
	return os.Rename(unfinished, s.image(name))
}

func (s *Store) mount(name string) error {
	// Without its volume the folder must not take data: a database would start empty.
	if err := os.MkdirAll(s.path(name), 0o000); err != nil {
		return err
	}
	device, err := mounted(s.path(name))
	if err != nil || device != "" {
		return err
	}
	if err := s.release(name); err != nil {
		return err
	}
	if device, err = run("losetup", "--find", "--show", s.image(name)); err != nil {
		return err
	}
	// Direct I/O spares a second copy in the page cache; a file system that cannot do it serves all the same.
	if _, err := run("losetup", "--direct-io=on", device); err != nil {
		klog.InfoS("loop device without direct I/O", "device", device, "reason", err.Error())
	}
	_, err = run("mount", "-t", "xfs", device, s.path(name))
	// Once mounted, the kernel detaches the device at the last unmount; if the mount failed, at once.
	_, detached := run("losetup", "--detach", device)
	return errors.Join(err, detached)
}

// release waits until the image has no loop device: the one of a killed node goes with its last mount. A second
// device on one image would corrupt it.
func (s *Store) release(name string) error {
	var devices string
	for range 100 {
		var err error
		if devices, err = run("losetup", "--noheadings", "--output", "NAME", "--associated", s.image(name)); err != nil {
			return err
		}
		if devices == "" {
			return nil
		}
		for _, device := range strings.Fields(devices) {
			if _, err := run("losetup", "--detach", device); err != nil {
				klog.InfoS("loop device still there", "device", device, "reason", err.Error())
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%s is still in use by %s", s.image(name), devices)
}

// mounted returns the device that is mounted on path, or "".
func mounted(path string) (string, error) {
	table, err := os.Open("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	defer table.Close()
	device := ""
	for lines := bufio.NewScanner(table); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 1 && fields[1] == path {
			device = fields[0]
		}
	}
	return device, nil
}

func run(name string, arguments ...string) (string, error) {
	output, err := exec.Command(name, arguments...).CombinedOutput()
	text := strings.TrimSpace(string(output))
	if err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(arguments, " "), err, text)
	}
	return text, nil
}
