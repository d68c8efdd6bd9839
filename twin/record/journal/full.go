package journal

import (
	"io"
	"syscall"
)

// Full is a folder on a disk of limited size, for tests: once Room bytes have been written by all its files
// together, writes fail as on a full disk.
type Full struct {
	Folder
	Room int64
}

// Create makes a file that shares the room.
func (f *Full) Create(name string) (File, error) {
	file, err := f.Folder.Create(name)
	if err != nil {
		return nil, err
	}
	return &fullFile{File: file, disk: f}, nil
}

type fullFile struct {
	File
	disk *Full
	size int64
}

func (f *fullFile) Write(p []byte) (int, error) {
	room := min(int64(len(p)), max(f.disk.Room, 0))
	n, err := f.File.Write(p[:room])
	f.disk.Room -= int64(n)
	f.size += int64(n)
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *fullFile) Truncate(size int64) error {
	f.disk.Room += f.size - size
	f.size = size
	return f.File.Truncate(size)
}

func (f *fullFile) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		offset, whence = f.size+offset, io.SeekStart
	}
	return f.File.Seek(offset, whence)
}
