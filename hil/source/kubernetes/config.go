package kubernetes

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// Config says where the API server is and who asks.
type Config struct {
	Server    string
	Authority []byte // PEM; empty: the machine's
	Name      string // that the server's certificate must have; empty: that of the address
	Token     string
	TokenFile string // read anew at each connection: tokens of service accounts change
	Cert, Key []byte // PEM, of a client certificate
}

// account is where a pod finds its service account.
const account = "/var/run/secrets/kubernetes.io/serviceaccount"

// InPod returns the configuration of the pod that this is, and whether it is one.
func InPod(getenv func(string) string) (Config, bool, error) {
	host, port := getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return Config{}, false, nil
	}
	ca, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	return Config{Server: "https://" + net.JoinHostPort(host, port), Authority: ca, TokenFile: filepath.Join(account, "token")}, true, err
}

// kubeconfig is the part of the file that matters.
type kubeconfig struct {
	Current  string `yaml:"current-context"`
	Contexts []struct {
		Name    string
		Context struct{ Cluster, User string }
	}
	Clusters []struct {
		Name    string
		Cluster struct {
			Server        string
			Authority     string `yaml:"certificate-authority"`
			AuthorityData string `yaml:"certificate-authority-data"`
			Name          string `yaml:"tls-server-name"`
			Insecure      bool   `yaml:"insecure-skip-tls-verify"`
		}
	}
	Users []struct {
		Name string
		User struct {
			Token        string
			TokenFile    string    `yaml:"tokenFile"`
			Cert         string    `yaml:"client-certificate"`
			CertData     string    `yaml:"client-certificate-data"`
			Key          string    `yaml:"client-key"`
			KeyData      string    `yaml:"client-key-data"`
			Exec         yaml.Node `yaml:"exec"`
			AuthProvider yaml.Node `yaml:"auth-provider"`
		}
	}
}

// Load reads a kubeconfig.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, err
	}
	c, err := parse(text, filepath.Dir(path), os.ReadFile)
	if err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// parse reads the current context of a kubeconfig whose files lie relative to dir.
func parse(text []byte, dir string, read func(string) ([]byte, error)) (c Config, err error) {
	const most = 1 << 20
	if len(text) > most {
		return c, fmt.Errorf("a kubeconfig has at most %d bytes", most)
	}
	var k kubeconfig
	if err := yaml.Unmarshal(text, &k); err != nil {
		return c, err
	}
	cluster, user, found := "", "", false
	for _, x := range k.Contexts {
		if x.Name == k.Current {
			cluster, user, found = x.Context.Cluster, x.Context.User, true
		}
	}
	if !found {
		return c, fmt.Errorf("there is no context %.40q: `kubectl config use-context` chooses one", k.Current)
	}
	at := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(dir, name)
	}
	content := func(data, file string) (b []byte) {
		switch {
		case err != nil || data == "" && file == "":
		case data != "":
			b, err = base64.StdEncoding.DecodeString(data)
		default:
			b, err = read(at(file))
		}
		return b
	}
	for _, x := range k.Clusters {
		if x.Name != cluster {
			continue
		}
		if x.Cluster.Insecure {
			return c, errors.New("insecure-skip-tls-verify: whoever answered would get the token; give the cluster's certificate-authority")
		}
		c.Server, c.Name, c.Authority = x.Cluster.Server, x.Cluster.Name, content(x.Cluster.AuthorityData, x.Cluster.Authority)
	}
	for _, x := range k.Users {
		u := &x.User
		if x.Name != user {
			continue
		}
		if !u.Exec.IsZero() || !u.AuthProvider.IsZero() {
			return c, errors.New("its user's credentials come from a plugin, which is not run: make a token (kubectl create token), or go through `kubectl proxy` and its address")
		}
		c.Token, c.TokenFile = u.Token, at(u.TokenFile)
		c.Cert, c.Key = content(u.CertData, u.Cert), content(u.KeyData, u.Key)
	}
	return c, err
}

// check says what is wrong with a configuration, and returns how to encrypt.
func (c *Config) check() (*tls.Config, error) {
	if strings.Contains(c.Server, "@") {
		return nil, errors.New("an address must not hold a user or a password: give a token, or a kubeconfig")
	}
	u, err := url.Parse(c.Server)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of a Kubernetes API server: write https://HOST:6443", c.Server)
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && (c.Token != "" || c.TokenFile != "") && u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("a token is sent over https only")
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.Name}
	if len(c.Authority) > 0 {
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(c.Authority) {
			return nil, errors.New("the certificate authority holds no certificate")
		}
	}
	if len(c.Cert) > 0 {
		pair, err := tls.X509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("the client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	c.Server = strings.TrimRight(c.Server, "/")
	return t, nil
}

// bearer returns the token to ask with.
func (c *Config) bearer() (string, error) {
	if c.TokenFile == "" {
		return c.Token, nil
	}
	b, err := os.ReadFile(c.TokenFile)
	return strings.TrimSpace(string(b)), err
}
