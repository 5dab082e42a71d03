// metrics-server, compiled with a later Kubernetes than it was released for.
package main

import (
	"log"
	"strings"

	"github.com/spf13/pflag"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/metrics-server/cmd/metrics-server/app/options"
	"sigs.k8s.io/metrics-server/pkg/api"
	generated "sigs.k8s.io/metrics-server/pkg/api/generated/openapi"
)

func main() {
	settings := options.NewOptions()
	for _, flags := range settings.Flags().FlagSets {
		pflag.CommandLine.AddFlagSet(flags)
	}
	pflag.Parse()
	if problems := settings.Validate(); len(problems) > 0 {
		log.Fatal(problems[0])
	}
	config, err := settings.ServerConfig()
	if err != nil {
		log.Fatal(err)
	}
	namer := openapinamer.NewDefinitionNamer(api.Scheme)
	config.Apiserver.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions, namer)
	config.Apiserver.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions, namer)
	server, err := config.Complete()
	if err != nil {
		log.Fatal(err)
	}
	if err := server.RunUntil(genericapiserver.SetupSignalHandler()); err != nil {
		log.Fatal(err)
	}
}

// definitions gives the schemas of types under the names that Kubernetes 1.35 and later look for:
// io.k8s.api.core.v1.Pod, where it was k8s.io/api/core/v1.Pod.
func definitions(ref common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	named := map[string]common.OpenAPIDefinition{}
	for name, definition := range generated.GetOpenAPIDefinitions(func(path string) spec.Ref { return ref(model(path)) }) {
		named[name], named[model(name)] = definition, definition // some keep their old name
	}
	return named
}

func model(path string) string {
	return strings.ReplaceAll(strings.Replace(path, "k8s.io/", "io.k8s.", 1), "/", ".")
}
