# Everything below installs what it needs from package-lock.json; Node >= 20.19, npm and make are all that must be there.
.PHONY: docs run test test-new test-real control-plane test-kubectl test-e2e test-real-scheduler test-restart test-charts test-image bench lint manifests build deploy coverage clean bench-peers test-faults test-chaos graph

NODE_MODULES := node_modules/.package-lock.json
BUILT := dist/.built
SOURCES := $(shell find src reconcilers templates test -name '*.ts' -o -name '*.json') tsconfig.json

$(NODE_MODULES): package.json package-lock.json
	@test -L node_modules || npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(BUILT): $(NODE_MODULES) $(SOURCES)
	@node tools/build.mjs
	@touch $@

build: $(BUILT)

run: $(BUILT) ## the embedded cluster and cloud with the guide's manifests
	@node dist/src/cli/main.js sandbox --apply config/samples/guide

test: $(BUILT) ## every suite that needs only Node; closes with "N passed, N failed"
	@node node_modules/mocha/bin/mocha.js

test-faults: $(BUILT) ## every schedule of faults that the scenarios have; the test suite tries a sample
	@FAULTS=all node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config --timeout 1800000 $$(find dist/src dist/test -path '*fault*' -name '*.test.js')

test-defects: $(BUILT) ## seeds each known defect, and each missing @Watches, into a copy; a test has to catch it
	@node tools/test-defects.mjs $(ONLY)

test-new: $(BUILT) ## what a newcomer types, from an empty folder to an operator in the sandbox, with karpenter-ts out of its tarball; and the examples there; needs the npm registry
	@node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config --reporter test/support/reporter.cjs dist/test/new/*.slow.js

test-restart: $(BUILT) ## kills the operator at twenty moments of a scale-up; the test suite does so at four
	@RESTARTS=20 node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config dist/test/e2e/restart.test.js

test-chaos: $(BUILT) ## every way in which the link to the API server goes wrong, for three times; prints how long the operator was blind; ONLY=embedded or ONLY=real
	@node --enable-source-maps dist/test/chaos/matrix.js $(ONLY)

test-real: $(BUILT) ## the suites of test/real on a real control plane; FILES=crds chooses; needs Go, or KUBEBUILDER_ASSETS
	@node tools/test-real.mjs

control-plane: $(BUILT) ## builds etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok into a cache, once; needs Go
	@node tools/control-plane.mjs

test-kubectl: $(BUILT) ## what the real kubectl prints of the embedded API server, beside what it prints of a real one; needs kubectl
	@node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config --reporter test/support/reporter.cjs --timeout 60000 --exit dist/test/conformance/kubectl.slow.js

test-shadow: $(BUILT) ## Karpenter as a shadow of itself: both agree about every node of a scale-up
	@node --enable-source-maps node_modules/mocha/bin/mocha.js --no-config --reporter test/support/reporter.cjs --exit dist/test/e2e/shadow.slow.js

test-e2e: $(BUILT) ## Kubernetes' own end-to-end specs against the sandbox; needs Go and kubectl
	@node tools/test-e2e.mjs

test-real-scheduler: $(BUILT) ## asks kube-scheduler itself whether it binds pods where the solver put them; needs Go
	@node tools/test-real-scheduler.mjs

test-charts: $(BUILT) ## renders the charts with Helm itself; needs helm, or Go to build it once
	@node tools/test-charts.mjs

test-image: $(NODE_MODULES) ## carries out the Dockerfile's stages in folders and runs the result; needs the npm registry
	@node tools/test-image.mjs

coverage: $(BUILT)
	@node node_modules/c8/bin/c8.js node_modules/mocha/bin/mocha.js

bench: $(BUILT) ## prints one JSON object a line, never asserts a time; ONLY=scheduling chooses by the beginning of the name
	@node --enable-source-maps dist/test/bench/main.js $(ONLY)

bench-peers: $(BUILT) ## Karpenter's scheduler on the same inputs, side by side; needs Go
	@node tools/bench-peers.mjs $(ONLY)

lint: $(BUILT)
	@node tools/lint/main.mjs

manifests: $(BUILT) ## writes crds/ and config/rbac from the decorated classes, and what the charts share with crds/ and config/
	@node dist/src/cli/main.js manifests --out crds --interface config/interface.yaml --rbac config/rbac
	@node tools/charts.mjs

docs: $(NODE_MODULES) ## writes docs/reference/api out of the doc comments; fails where an export has none
	@node tools/docs.mjs

graph: $(BUILT) ## writes docs/reference/graph.md out of the plan
	@node tools/graph.mjs

deploy: $(BUILT) ## installs CRDs, RBAC and the controller into the current kubeconfig's cluster
	kubectl apply -k config/default

clean:
	rm -rf dist coverage
