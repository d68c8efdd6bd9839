package influx

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	api "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/influxdata/influxdb-client-go/v2/domain"
)

// Setup is what [Prepare] made. Its secrets can be read here and nowhere else.
type Setup struct {
	Target     Target        `json:"target"`
	Version    string        `json:"version"`
	Made       []string      `json:"made"`
	Retention  time.Duration `json:"retention_ns"` // 0 is for ever
	Admin      *Admin        `json:"admin,omitempty"`
	WriteToken string        `json:"write_token"`
	ReadToken  string        `json:"read_token"`
}

// Admin is the first user of a new server.
type Admin struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Token    string `json:"token"`
}

// ErrNoSetup is a server without organisations, buckets and tokens of its own: InfluxDB 1.
var ErrNoSetup = errors.New("this is an InfluxDB 1 server, which has no setup interface: make a database with the influx command, and use its name as bucket and USER:PASSWORD as token")

// Prepare makes an organisation and a bucket where they are missing, and two tokens for the bucket: one that only writes,
// one that only reads. A new server gets its first user, too; one that has been set up needs the token of a user who may
// do all this. A bucket that is there already keeps its retention unless another one is asked for.
func Prepare(ctx context.Context, t Target, token, version string, retention *time.Duration) (*Setup, error) {
	c := t.Client(token, version)
	defer func() { c.Close() }()
	health, err := c.Health(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.URL, err)
	}
	s := &Setup{Target: t}
	if health.Version != nil {
		s.Version = *health.Version
	}
	if v := strings.TrimPrefix(s.Version, "v"); strings.HasPrefix(v, "1.") {
		return nil, ErrNoSetup
	}
	keep := time.Duration(0)
	if retention != nil {
		keep = *retention
	}
	first, err := c.APIClient().GetSetup(ctx, &domain.GetSetupParams{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.URL, err)
	}
	if first.Allowed != nil && *first.Allowed {
		s.Admin = &Admin{User: "halltwin", Password: rand.Text(), Token: rand.Text() + rand.Text()}
		if _, err := c.SetupWithToken(ctx, s.Admin.User, s.Admin.Password, t.Org, t.Bucket, 0, s.Admin.Token); err != nil {
			return nil, fmt.Errorf("%s: %w", t.URL, err)
		}
		s.Made = append(s.Made, "user "+s.Admin.User, "organisation "+t.Org, "bucket "+t.Bucket)
		c.Close()
		c = t.Client(s.Admin.Token, version)
	} else if token == "" {
		return nil, fmt.Errorf("%s has been set up: put the token of a user who may make buckets and tokens into HALLTWIN_INFLUX_TOKEN", t.URL)
	}
	org, err := s.organisation(ctx, c)
	if err != nil {
		return nil, err
	}
	bucket, err := s.bucket(ctx, c, org, retention, keep)
	if err != nil {
		return nil, err
	}
	if s.WriteToken, err = grant(ctx, c, org, bucket, "write"); err != nil {
		return nil, err
	}
	s.ReadToken, err = grant(ctx, c, org, bucket, "read")
	return s, err
}

func (s *Setup) organisation(ctx context.Context, c influxdb2.Client) (*domain.Organization, error) {
	org, err := c.OrganizationsAPI().FindOrganizationByName(ctx, s.Target.Org)
	if err == nil {
		return org, nil
	}
	if refusedAs(err, http.StatusUnauthorized) {
		return nil, fmt.Errorf("%s refuses the token in HALLTWIN_INFLUX_TOKEN: %w", s.Target.URL, err)
	}
	org, err = c.OrganizationsAPI().CreateOrganizationWithName(ctx, s.Target.Org)
	if err != nil {
		return nil, fmt.Errorf("cannot make the organisation %s: %w", s.Target.Org, err)
	}
	s.Made = append(s.Made, "organisation "+s.Target.Org)
	return org, nil
}

func (s *Setup) bucket(ctx context.Context, c influxdb2.Client, org *domain.Organization, asked *time.Duration, keep time.Duration) (*domain.Bucket, error) {
	rule := domain.RetentionRule{EverySeconds: int64(keep / time.Second)}
	b, err := c.BucketsAPI().FindBucketByName(ctx, s.Target.Bucket)
	if err != nil {
		if b, err = c.BucketsAPI().CreateBucketWithName(ctx, org, s.Target.Bucket, rule); err != nil {
			return nil, fmt.Errorf("cannot make the bucket %s: %w", s.Target.Bucket, err)
		}
		s.Made = append(s.Made, "bucket "+s.Target.Bucket)
	} else if asked != nil {
		b.RetentionRules = domain.RetentionRules{rule}
		if b, err = c.BucketsAPI().UpdateBucket(ctx, b); err != nil {
			return nil, fmt.Errorf("cannot set the retention of the bucket %s: %w", s.Target.Bucket, err)
		}
	}
	for _, r := range b.RetentionRules {
		s.Retention = time.Duration(r.EverySeconds) * time.Second
	}
	return b, nil
}

// grant makes a token that may do one thing with one bucket.
func grant(ctx context.Context, c influxdb2.Client, org *domain.Organization, b *domain.Bucket, may string) (string, error) {
	about := fmt.Sprintf("halltwin: %s %s", may, b.Name)
	a, err := c.AuthorizationsAPI().CreateAuthorization(ctx, &domain.Authorization{
		AuthorizationUpdateRequest: domain.AuthorizationUpdateRequest{Description: &about},
		OrgID:                      org.Id,
		Permissions: &[]domain.Permission{{
			Action:   domain.PermissionAction(may),
			Resource: domain.Resource{Type: domain.ResourceTypeBuckets, Id: b.Id, OrgID: org.Id},
		}},
	})
	switch {
	case err != nil:
		return "", fmt.Errorf("cannot make a token to %s: %w", may, err)
	case a.Token == nil:
		return "", fmt.Errorf("the server made a token to %s and does not say which", may)
	}
	return *a.Token, nil
}

func refusedAs(err error, status int) bool {
	var e *api.Error
	return errors.As(err, &e) && e.StatusCode == status
}
