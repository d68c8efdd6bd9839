package device

// NVML is the driver of NVIDIA GPUs. The zero value loads the machine's own library.
type NVML struct {
	// Path is the library; "" is libnvidia-ml.so.1 where the loader finds it.
	Path string

	session *session
}

// Title implements [Source].
func (n *NVML) Title() string { return "NVML" }
