//go:build tools

// Package real keeps Kubernetes' own end-to-end specs among the module's requirements: `make test-e2e` builds them by
// `go test -c k8s.io/kubernetes/test/e2e`, and runs them against the embedded API server.
package real

import _ "k8s.io/kubernetes/test/e2e"
