// Kubernetes' control plane and kubectl in one executable, so that they are linked once. Which part runs is
// decided by the name that the executable is called under; the installer makes a link for each.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"

	// Kubernetes' own main packages bring these in: JSON logs and the metrics of client-go and of the version.
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

var parts = map[string]func() int{
	"etcd":                    func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(newScheduler()) },
	"kubectl":                 func() int { return cli.Run(kubectl.NewDefaultKubectlCommand()) },
}

// The scheduler's constructor takes options, so it cannot stand in the table itself.
func newScheduler() *cobra.Command { return scheduler.NewSchedulerCommand() }

func main() {
	name := filepath.Base(os.Args[0])
	if run, known := parts[name]; known {
		os.Exit(run())
	}
	names := make([]string, 0, len(parts))
	for part := range parts {
		names = append(names, part)
	}
	sort.Strings(names)
	fmt.Fprintf(os.Stderr, "%q is no part of a control plane; call this executable as one of %s\n", name, strings.Join(names, ", "))
	os.Exit(2)
}
