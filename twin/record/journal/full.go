package journal

import "syscall"

// Full is a folder on a disk of limited size, for tests: once Room bytes have been written by all its files
// together, writes fail as on a full disk.
type Full struct {
	Folder
	Room  int64
	sizes map[string]int64
}

// Create makes a file that shares the room.
func (f *Full) Create(name string) (File, error) {
	file, err := f.Folder.Create(name)
	if err != nil {
		return nil, err
	}
	if f.sizes == nil {
		f.sizes = map[string]int64{}
	}
	f.Room += f.sizes[name]
	f.sizes[name] = 0
	return &fullFile{File: file, disk: f, name: name}, nil
}

// Rename keeps track of what is where.
func (f *Full) Rename(from, to string) error {
	f.Room += f.sizes[to]
	f.sizes[to] = f.sizes[from]
	delete(f.sizes, from)
	return f.Folder.Rename(from, to)
}

// Remove gives the room back.
func (f *Full) Remove(name string) error {
	f.Room += f.sizes[name]
	delete(f.sizes, name)
	return f.Folder.Remove(name)
}

type fullFile struct {
	File
	disk *Full
	name string
}

func (f *fullFile) Write(p []byte) (int, error) {
	room := min(int64(len(p)), max(f.disk.Room, 0))
	n, err := f.File.Write(p[:room])
	f.disk.Room -= int64(n)
	f.disk.sizes[f.name] += int64(n)
	if err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

func (f *fullFile) Truncate(size int64) error {
	f.disk.Room += f.disk.sizes[f.name] - size
	f.disk.sizes[f.name] = size
	return f.File.Truncate(size)
}
